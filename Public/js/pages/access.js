// For administrators: namespaces, users with their roles, and tokens.
import { h } from '../dom.js';
import { button, codeBlock, pageHeader, time } from '../parts/basics.js';
import { confirmDialog, field, formDialog } from '../parts/dialog.js';
import { asyncRegion, emptyState } from '../parts/feedback.js';
import { table } from '../parts/table.js';

const ROLES = ['owner', 'editor', 'viewer', 'predict'];
const text = (name, more = {}) => h('input', { type: 'text', name, autocomplete: 'off', ...more });

export default async function accessPage({ endpoints, signal, title, toasts, session, reload }) {
  title('Access');
  if (!session.is_admin) return emptyState('Only for administrators', 'Ask one for a namespace, a role or a token.');
  const { system } = endpoints;
  const region = (read, draw) => asyncRegion(async () => draw(await read({ signal })), { rows: 3 });

  const namespaces = region(system.namespaces, (body) =>
    table({
      label: 'Namespaces',
      rows: body.namespaces ?? [],
      columns: [
        { label: 'Name', class: 'grow', cell: (one) => one.name },
        { label: 'Your role', cell: (one) => one.role ?? '–' },
      ],
    }),
  );
  const users = region(system.users, (body) =>
    table({
      label: 'Users',
      rows: body.users ?? [],
      columns: [
        { label: 'Name', class: 'grow', cell: (one) => one.name },
        { label: 'Home', cell: (one) => one.home_namespace ?? '–' },
        {
          label: 'Roles',
          class: 'grow',
          cell: (one) => [
            one.is_admin ? h('span', { class: 'chip' }, 'administrator') : null,
            (one.roles ?? []).map((role) => h('span', { class: 'chip' }, `${role.namespace}: ${role.role}`)),
          ],
        },
      ],
    }),
  );
  const tokens = region(system.tokens, (body) =>
    (body.tokens ?? []).length
      ? table({
          label: 'Tokens',
          rows: body.tokens,
          columns: [
            { label: 'Name', class: 'grow', cell: (one) => one.name || one.id },
            { label: 'User', cell: (one) => one.user ?? '–' },
            { label: 'Created', cell: (one) => time(one.created_at) },
            { label: 'Last used', cell: (one) => time(one.last_used_at) },
            { label: 'Expires', cell: (one) => (one.expires_at ? time(one.expires_at) : 'never') },
            {
              label: '',
              class: 'right',
              cell: (one) =>
                one.revoked_at
                  ? h('span', { class: 'muted' }, 'revoked ', time(one.revoked_at))
                  : button('Revoke', { kind: 'small', onClick: () => revoke(one) }),
            },
          ],
        })
      : emptyState('No tokens', null),
  );

  async function revoke(token) {
    if (
      !(await confirmDialog({
        title: `Revoke the token ${token.name || token.id}?`,
        text: 'Whoever uses it is refused from now on.',
        confirm: 'Revoke',
        danger: true,
      }))
    )
      return;
    try {
      await system.removeToken(token.id);
      toasts.success('The token is revoked.');
      tokens.refresh();
    } catch (error) {
      toasts.failure(error);
    }
  }
  const addNamespace = () =>
    formDialog({
      title: 'New namespace',
      confirm: 'Create',
      fields: [
        field(
          'Name',
          text('name', { required: true, pattern: '[a-z0-9]([a-z0-9\\-]*[a-z0-9])?' }),
          'Small letters, digits and dashes',
        ),
      ],
      async submit(data) {
        await system.createNamespace(data.name);
        toasts.success('The namespace is created. It appears in the selector after the page is loaded again.');
        reload();
      },
    });
  const addUser = () =>
    formDialog({
      title: 'New user',
      confirm: 'Create',
      fields: [
        field('Name', text('name', { required: true })),
        field('Home namespace', text('home_namespace', { required: true, value: session.home_namespace })),
        field(
          'Role there',
          h(
            'select',
            { name: 'role' },
            ROLES.map((role) => h('option', { value: role }, role)),
          ),
        ),
        h('label', { class: 'check-label' }, h('input', { type: 'checkbox', name: 'is_admin' }), 'Administrator'),
      ],
      async submit(data) {
        await system.createUser({
          name: data.name,
          home_namespace: data.home_namespace,
          is_admin: data.is_admin === 'on',
          roles: [{ namespace: data.home_namespace, role: data.role }],
        });
        toasts.success('The user is created.');
        users.refresh();
      },
    });
  const made = h('div', { 'aria-live': 'polite' });
  const addToken = () =>
    formDialog({
      title: 'New token',
      confirm: 'Create',
      fields: [
        field('User', text('user', { required: true, value: session.user })),
        field('Name', text('name', { required: true }), 'What it is for'),
        field('Expires', h('input', { type: 'date', name: 'expires' }), 'Left empty: never'),
      ],
      async submit(data) {
        const token = await system.createToken({
          user: data.user,
          name: data.name,
          expires_at: data.expires ? `${data.expires}T00:00:00.000Z` : undefined,
        });
        made.replaceChildren(
          h('p', { class: 'notice' }, 'This token is shown only now. Keep it safe.'),
          codeBlock(token.token, toasts),
        );
        tokens.refresh();
      },
    });
  const block = (name, action, content) =>
    h('section', { class: 'section' }, h('div', { class: 'card-head' }, h('h2', null, name), action), content);
  return h(
    'div',
    { class: 'page' },
    pageHeader({ title: 'Access' }),
    block('Namespaces', button('New namespace', { icon: 'plus', onClick: addNamespace }), namespaces.element),
    block('Users', button('New user', { icon: 'plus', onClick: addUser }), users.element),
    block('Tokens', button('New token', { icon: 'plus', onClick: addToken }), [made, tokens.element]),
  );
}
