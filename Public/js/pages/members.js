// Who has which role in the namespace, and what the namespace's tasks may reach.
import { h } from '../dom.js';
import { button, pageHeader, rowButton } from '../parts/basics.js';
import { confirmDialog, field, formDialog } from '../parts/dialog.js';
import { asyncRegion, emptyState, forbiddenState } from '../parts/feedback.js';
import { roleField } from '../parts/role-field.js';
import { table } from '../parts/table.js';
import { canAdminister, canRead, ROLE_HINTS, ROLES } from '../roles.js';

export default async function membersPage(context) {
  const { endpoints, signal, title, toasts, session, namespace, role, refreshSession, reload } = context;
  title('Members');
  const head = (actions) => pageHeader({ title: 'Members', aside: h('span', { class: 'chip' }, namespace), actions });
  if (!canRead(role)) return h('div', { class: 'page' }, head(), forbiddenState(`You may not see the members of ${namespace}`));
  const may = canAdminister(role);

  const members = asyncRegion(async () => {
    const rows = (await endpoints.members.list({ signal })).members ?? [];
    if (!rows.length) return emptyState('No members', may ? 'Add those who are to work here.' : 'Administrators work here alone.');
    return table({ label: 'Members', rows, columns: columns() });
  });

  function columns() {
    const list = [
      {
        label: 'User',
        class: 'grow',
        cell: (one) => [one.user, one.user === session.user ? h('span', { class: 'chip after' }, 'you') : null],
      },
      { label: 'Role', cell: (one) => (may ? rolePicker(one) : one.role) },
      { label: 'May', class: 'grow muted', cell: (one) => ROLE_HINTS[one.role] ?? '' },
    ];
    if (may)
      list.push({
        label: '',
        class: 'right',
        cell: (one) => rowButton('Remove', `Remove ${one.user}`, () => remove(one)),
      });
    return list;
  }

  const rolePicker = (member) =>
    h(
      'select',
      {
        'aria-label': `Role of ${member.user}`,
        data: { focus: `role-${member.user}` },
        onChange: (event) => change(member.user, event.target.value),
      },
      ROLES.map((one) => h('option', { value: one, selected: one === member.role }, one)),
    );

  /** One's own role changes what the page may show. */
  async function changed(user, text) {
    toasts.success(text);
    if (user !== session.user || session.is_admin) return members.refresh();
    await refreshSession();
    reload();
  }

  async function change(user, wanted) {
    try {
      await endpoints.members.set(user, wanted);
      await changed(user, `${user} is ${wanted} now.`);
    } catch (error) {
      toasts.failure(error);
      members.refresh();
    }
  }

  async function remove(member) {
    const sure = await confirmDialog({
      title: `Remove ${member.user}?`,
      text: `From its next request on it has no role in ${namespace}. What it has made stays.`,
      confirm: 'Remove',
      danger: true,
    });
    if (!sure) return;
    try {
      await endpoints.members.remove(member.user);
      await changed(member.user, `${member.user} is removed.`);
    } catch (error) {
      toasts.failure(error);
    }
  }

  async function add() {
    // Administrators choose among the users that there are; others must know the name.
    const known = session.is_admin ? await endpoints.users.list({ signal }).catch(() => null) : null;
    const names = (known?.users ?? []).map((one) => one.name);
    formDialog({
      title: `Add a member to ${namespace}`,
      confirm: 'Add',
      fields: [
        field(
          'User',
          h('input', { type: 'text', name: 'user', required: true, autocomplete: 'off', spellcheck: 'false', list: 'known-users' }),
          session.is_admin ? 'A user that there is; new ones are made on the page Users' : 'The name of a user that an administrator has made',
        ),
        h('datalist', { id: 'known-users' }, names.map((one) => h('option', { value: one }))),
        roleField('viewer'),
      ],
      async submit(data) {
        await endpoints.members.set(data.user.trim(), data.role);
        await changed(data.user.trim(), `${data.user.trim()} is ${data.role} now.`);
      },
    });
  }

  return h(
    'div',
    { class: 'page' },
    head(may ? button('Add member', { icon: 'plus', kind: 'primary', onClick: add }) : null),
    h('p', { class: 'muted lead' }, 'Administrators may do everything in every namespace and are not listed for it.'),
    h('section', { class: 'section' }, members.element),
    settings(context, may),
  );
}

const SETTINGS = [
  {
    name: 'network',
    label: 'Tasks may use the network',
    texts: [
      'Each task has a loopback of its own and nothing else: neither other tasks nor the API of this server.',
      'Tasks reach each other and the API of this server; other machines too, where the setting below allows it.',
    ],
    done: ['Tasks have no network from now on.', 'Tasks may use the network now.'],
    from: 'Counts for tasks that start from now on.',
  },
  {
    name: 'egress',
    label: 'Tasks may reach other machines',
    texts: [
      'Tasks reach each other and the API of this server, and nothing outside.',
      'Tasks reach other machines, and so can send what they read there.',
    ],
    done: ['Tasks reach no other machines now.', 'Tasks may reach other machines now.'],
    from: 'Closing it cuts off tasks that run, too.',
  },
];

function settings({ endpoints, signal, toasts }, may) {
  const region = asyncRegion(
    async () => {
      const [current, system] = await Promise.all([endpoints.namespaces.settings({ signal }), endpoints.system.get({ signal })]);
      const network = system.isolation?.network ?? {};
      return h(
        'div',
        { class: 'card form' },
        SETTINGS.map((one) => setting(one, current, network)),
      );
    },
    { rows: 3 },
  );

  function setting({ name, label, texts, from }, current, network) {
    const isOff = name === 'egress' && !current.network;
    return h(
      'div',
      null,
      h(
        'label',
        { class: 'check-label' },
        h('input', {
          type: 'checkbox',
          checked: current[name],
          disabled: !may || isOff,
          data: { focus: name },
          onChange: (event) => set(name, event.target.checked),
        }),
        h('span', null, label),
      ),
      h('p', { class: 'hint' }, isOff ? 'Without the network there is no way to other machines.' : `${texts[Number(current[name])]} ${from}`),
      name === 'egress' && current.network ? limits(network, current.egress) : null,
    );
  }

  /** Where the server cannot do what the setting says. */
  function limits({ kind, egress }, wanted) {
    if (kind === 'host') return h('p', { class: 'notice' }, 'On this server tasks use the network of the host, which this setting does not close.');
    return wanted && egress === false ? h('p', { class: 'notice' }, 'This server has no way outside for tasks, whatever is set here.') : null;
  }

  async function set(name, value) {
    try {
      await endpoints.namespaces.change({ [name]: value });
      toasts.success(SETTINGS.find((one) => one.name === name).done[Number(value)]);
    } catch (error) {
      toasts.failure(error);
    }
    region.refresh();
  }
  return h('section', { class: 'section' }, h('h2', null, 'Settings'), region.element);
}
