// For administrators: users with their roles, and everybody's tokens.
import { h } from '../dom.js';
import { button, pageHeader, rowButton, section } from '../parts/basics.js';
import { confirmDialog, field, formDialog } from '../parts/dialog.js';
import { asyncRegion, emptyState, forbiddenState } from '../parts/feedback.js';
import { roleField } from '../parts/role-field.js';
import { searchBox, table } from '../parts/table.js';
import { createTokenDialog, hasEnded, tokenTable } from '../parts/tokens.js';

export default async function usersPage({ endpoints, signal, title, toasts, session, query, setQuery, namespace }) {
  title('Users');
  if (!session.is_admin) return forbiddenState('Only for administrators', 'Ask one for a user, a role or a token.');
  const filter = { text: query.get('name') ?? '', ended: false };
  const fits = (text) => text.toLowerCase().includes(filter.text.toLowerCase());

  const users = asyncRegion(
    async () => {
      const rows = ((await endpoints.users.list({ signal })).users ?? []).filter((one) => fits(one.name));
      if (!rows.length) return emptyState('No user has this name', 'Try a shorter part of it.');
      return table({ label: 'Users', rows, columns });
    },
    { rows: 3 },
  );
  const tokens = asyncRegion(
    async () => {
      const rows = ((await endpoints.tokens.all({ signal })).tokens ?? []).filter(
        (one) => fits(one.user ?? '') && (filter.ended || !hasEnded(one)),
      );
      return rows.length ? tokenTable(rows, { label: 'Tokens', onRevoke: revoke, withUser: true }) : emptyState('No tokens', null);
    },
    { rows: 3 },
  );

  const columns = [
    {
      label: 'Name',
      class: 'grow',
      cell: (one) => [one.name, one.name === session.user ? h('span', { class: 'chip after' }, 'you') : null],
    },
    { label: 'Home', cell: (one) => one.home_namespace ?? '–' },
    {
      label: 'Roles',
      class: 'grow',
      cell: (one) => [
        one.is_admin ? h('span', { class: 'chip' }, 'administrator') : null,
        (one.roles ?? []).map((role) => h('span', { class: 'chip' }, `${role.namespace}: ${role.role}`)),
      ],
    },
    {
      label: '',
      class: 'right nowrap',
      cell: (one) => [
        rowButton('New token', `New token for ${one.name}`, () => addToken(one)),
        ' ',
        rowButton('Delete', `Delete ${one.name}`, () => remove(one)),
      ],
    },
  ];

  async function act(question, change, told) {
    if (!(await confirmDialog({ ...question, danger: true }))) return;
    try {
      await change();
      toasts.success(told);
      users.refresh();
      tokens.refresh();
    } catch (error) {
      toasts.failure(error);
    }
  }
  const remove = (user) =>
    act(
      {
        title: `Delete the user ${user.name}?`,
        text: 'Its tokens and sessions end at once. Its runs, pipelines and models stay in their namespaces.',
        confirm: 'Delete',
      },
      () => endpoints.users.remove(user.name),
      `The user ${user.name} is deleted.`,
    );
  const revoke = (token) =>
    act(
      { title: `Revoke the token ${token.name} of ${token.user}?`, text: 'Whoever uses it is refused from now on.', confirm: 'Revoke' },
      () => endpoints.tokens.remove(token.id),
      'The token is revoked.',
    );
  const addToken = (user) =>
    createTokenDialog({
      title: `New token for ${user.name}`,
      user: user.name,
      namespaces: user.is_admin ? (session.namespaces ?? []).map((one) => one.name) : (user.roles ?? []).map((one) => one.namespace),
      create: endpoints.tokens.create,
      toasts,
      onCreated: () => tokens.refresh(),
    });
  const addUser = () =>
    formDialog({
      title: 'New user',
      confirm: 'Create',
      fields: userFields(session, namespace),
      async submit(data) {
        await endpoints.users.create(userBody(data));
        toasts.success(`The user ${data.name.trim()} is created. Make a token for it to sign in with.`);
        users.refresh();
      },
    });

  return h(
    'div',
    { class: 'page' },
    pageHeader({ title: 'Users', actions: button('New user', { icon: 'plus', kind: 'primary', onClick: addUser }) }),
    h(
      'div',
      { class: 'filters spaced', role: 'search' },
      searchBox({
        label: 'Filter by user',
        value: filter.text,
        onChange(text) {
          filter.text = text;
          setQuery({ name: text });
          users.refresh();
          tokens.refresh();
        },
      }),
      h(
        'label',
        { class: 'check-label' },
        h('input', {
          type: 'checkbox',
          onChange(event) {
            filter.ended = event.target.checked;
            tokens.refresh();
          },
        }),
        'Show tokens that have ended',
      ),
    ),
    section('Users', users.element),
    section('Tokens', tokens.element),
  );
}

/** The inputs of a new user, and what the API wants of them. */
export function userFields(session, namespace) {
  return [
    field('Name', h('input', { type: 'text', name: 'name', required: true, autocomplete: 'off', spellcheck: 'false' }), 'A login name or an e-mail address'),
    field(
      'Home namespace',
      h(
        'select',
        { name: 'home_namespace' },
        (session.namespaces ?? []).map((one) => h('option', { value: one.name, selected: one.name === namespace }, one.name)),
      ),
    ),
    roleField('editor', 'Role there'),
    h('label', { class: 'check-label' }, h('input', { type: 'checkbox', name: 'is_admin' }), 'Administrator of the server'),
  ];
}

export const userBody = (data) => ({
  name: data.name.trim(),
  home_namespace: data.home_namespace,
  is_admin: data.is_admin === 'on',
  roles: [{ namespace: data.home_namespace, role: data.role }],
});
