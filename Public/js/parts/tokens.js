// Access tokens: the table, the form that makes one, and the one look at its text.
import { h } from '../dom.js';
import { parseTime } from '../format.js';
import { button, codeBlock, rowButton, time } from './basics.js';
import { field, formDialog, openDialog } from './dialog.js';
import { table } from './table.js';

const DAY = 86_400_000;
const EXPIRIES = [
  ['30', '30 days'],
  ['90', '90 days'],
  ['365', 'A year'],
  ['date', 'On a date'],
  ['', 'Never'],
];

export const hasEnded = (token) => Boolean(token.revoked_at) || (parseTime(token.expires_at) ?? Infinity) < Date.now();

/** What a token is held to, as small words. */
export function limitChips(token) {
  const words = [
    ...(token.namespaces ?? []),
    token.role ? `at most ${token.role}` : null,
    token.read_only ? 'read only' : null,
    token.requests_per_minute ? `${token.requests_per_minute}/min` : null,
  ].filter(Boolean);
  return words.length ? words.map((word) => h('span', { class: 'chip' }, word)) : h('span', { class: 'muted' }, 'none');
}

/** `onRevoke(token)`; `withUser` for everybody's tokens. */
export function tokenTable(rows, { label, onRevoke, withUser = false }) {
  return table({
    label,
    rows,
    columns: [
      { label: 'Name', class: 'grow', cell: (one) => one.name || one.id },
      ...(withUser ? [{ label: 'User', cell: (one) => one.user ?? '–' }] : []),
      { label: 'Limits', class: 'grow', cell: limitChips },
      { label: 'Created', cell: (one) => time(one.created_at) },
      { label: 'Last used', cell: (one) => (one.last_used_at ? time(one.last_used_at) : h('span', { class: 'muted' }, 'never')) },
      { label: 'Expires', cell: (one) => (one.expires_at ? time(one.expires_at) : h('span', { class: 'muted' }, 'never')) },
      {
        label: '',
        class: 'right',
        cell(one) {
          if (one.revoked_at) return h('span', { class: 'muted' }, 'revoked ', time(one.revoked_at));
          if (hasEnded(one)) return h('span', { class: 'muted' }, 'expired');
          return rowButton('Revoke', `Revoke ${one.name || one.id}`, () => onRevoke(one));
        },
      },
    ],
  });
}

/**
 * The form. `user`: for whom, null for oneself; `namespaces`: names that the token may be held to;
 * `create(body)` answers the token with its text.
 */
export function createTokenDialog({ title, user = null, namespaces, create, toasts, onCreated }) {
  const date = field('Date', h('input', { type: 'date', name: 'date', min: new Date(Date.now() + DAY).toISOString().slice(0, 10) }));
  date.hidden = true;
  const expiry = h(
    'select',
    {
      name: 'expiry',
      onChange() {
        date.hidden = expiry.value !== 'date';
        date.querySelector('input').required = !date.hidden;
      },
    },
    EXPIRIES.map(([value, label]) => h('option', { value, selected: value === '90' }, label)),
  );
  const option = (value, label) => h('option', { value }, label);
  formDialog({
    title,
    text: 'A token may do what both its user and its limits allow.',
    confirm: 'Create token',
    fields: [
      field('Name', h('input', { type: 'text', name: 'name', required: true, maxlength: 100, autocomplete: 'off' }), 'What it is for'),
      h('div', { class: 'field-row' }, field('Expires', expiry), date),
      namespaces.length
        ? h(
            'fieldset',
            { class: 'check-list' },
            h('legend', { class: 'field-label' }, 'Namespaces ', h('span', { class: 'muted' }, 'none chosen: all of the user')),
            namespaces.map((name) =>
              h('label', { class: 'check-label' }, h('input', { type: 'checkbox', name: 'namespaces', value: name }), name),
            ),
          )
        : null,
      h(
        'div',
        { class: 'field-row' },
        field(
          'Highest role',
          h(
            'select',
            { name: 'role' },
            option('', 'As the user’s'),
            option('editor', 'editor'),
            option('viewer', 'viewer'),
            option('predict', 'predict'),
          ),
        ),
        field(
          'Requests a minute',
          h('input', { type: 'number', name: 'requests', min: 1, max: 1000000, placeholder: 'no limit' }),
        ),
      ),
      h('label', { class: 'check-label' }, h('input', { type: 'checkbox', name: 'read_only' }), 'Read only'),
    ],
    async submit(data, form) {
      const chosen = new FormData(form).getAll('namespaces');
      const until =
        data.expiry === 'date' ? `${data.date}T00:00:00.000Z` : data.expiry ? new Date(Date.now() + data.expiry * DAY).toISOString() : undefined;
      return create({
        user: user ?? undefined,
        name: data.name.trim(),
        expires_at: until,
        namespaces: chosen.length ? chosen : undefined,
        role: data.role || undefined,
        read_only: data.read_only === 'on' || undefined,
        requests_per_minute: data.requests ? Number(data.requests) : undefined,
      });
    },
    done(token) {
      onCreated();
      showToken(token, toasts);
    },
  });
}

/** The one look at a token's text; `more`: what else to tell beside it. */
export function showToken(token, toasts, more = null) {
  const dialog = h(
    'dialog',
    { class: 'dialog dialog-wide', 'aria-label': 'The new token' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', null, `The token ${token.name} of ${token.user}`),
      h('p', { class: 'notice' }, 'It is shown only now. Copy it to where it is used, or to a password store.'),
      h('div', { class: 'token-text' }, codeBlock(token.token, toasts)),
      more,
      h('div', { class: 'dialog-actions' }, button('I have kept it', { kind: 'primary', type: 'submit' })),
    ),
  );
  openDialog(dialog, () => {});
}
