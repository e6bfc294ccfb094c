// Secrets of the namespace. Values are written and never read: this page shows which keys there are.
import { h } from '../dom.js';
import { button, pageHeader, rowButton, time } from '../parts/basics.js';
import { nameInput, NAME_HINT } from '../parts/create-namespace.js';
import { confirmDialog, field, formDialog } from '../parts/dialog.js';
import { emptyState, forbiddenState } from '../parts/feedback.js';
import { keyValueEditor } from '../parts/key-values.js';
import { pagedList, table } from '../parts/table.js';
import { canWrite } from '../roles.js';

const TYPES = ['Opaque', 'kubernetes.io/basic-auth', 'kubernetes.io/ssh-auth', 'kubernetes.io/tls', 'kubernetes.io/dockerconfigjson'];
/** The keys that a type asks for. */
const KEYS = {
  'kubernetes.io/basic-auth': ['username', 'password'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
};
export const OBJECT_NAME = { pattern: '[a-z0-9]([a-z0-9.\\-]*[a-z0-9])?', title: 'Small letters, digits, dashes and dots' };

export default async function secretsPage({ endpoints, signal, title, toasts, namespace, role }) {
  title('Secrets');
  const head = (actions) => pageHeader({ title: 'Secrets', aside: h('span', { class: 'chip' }, namespace), actions });
  if (!canWrite(role))
    return h(
      'div',
      { class: 'page' },
      head(),
      forbiddenState(`You may not see the secrets of ${namespace}`, 'Editors and owners see their names and may replace their values.'),
    );

  const list = pagedList({
    signal,
    load: async (after) => {
      const body = await endpoints.secrets.list({ after, signal });
      return { rows: body.secrets ?? [], next: body.next ?? null };
    },
    draw: (rows) => table({ label: 'Secrets', rows, columns }),
    empty: () => emptyState('No secrets yet', 'Passwords and keys that tasks are given by name. They are kept encrypted, and nobody reads them here.'),
  });

  const columns = [
    { label: 'Name', class: 'grow', cell: (one) => one.name },
    { label: 'Type', cell: (one) => h('span', { class: 'muted' }, one.type ?? 'Opaque') },
    {
      label: 'Keys',
      class: 'grow',
      cell: (one) => (one.keys.length ? one.keys.map((key) => h('span', { class: 'chip' }, key)) : h('span', { class: 'muted' }, 'none')),
    },
    { label: 'Created', cell: (one) => time(one.created_at) },
    {
      label: '',
      class: 'right nowrap',
      cell: (one) => [
        one.immutable
          ? h('span', { class: 'chip' }, 'immutable')
          : rowButton('Replace', `Replace values of ${one.name}`, () => replace(one)),
        ' ',
        rowButton('Delete', `Delete ${one.name}`, () => remove(one)),
      ],
    },
  ];

  function create() {
    const place = h('div');
    let editor = null;
    const draw = (type) => {
      editor = keyValueEditor({ entries: (KEYS[type] ?? []).map((key) => ({ key, value: '' })), confidential: true });
      place.replaceChildren(editor.element);
    };
    draw('Opaque');
    formDialog({
      title: 'New secret',
      text: 'Values cannot be looked at again, only replaced.',
      confirm: 'Create',
      wide: true,
      fields: [
        field('Name', nameInput(OBJECT_NAME), NAME_HINT),
        field(
          'Type',
          h(
            'select',
            { name: 'type', onChange: (event) => draw(event.target.value) },
            TYPES.map((one) => h('option', { value: one }, one)),
          ),
        ),
        h('div', { class: 'field' }, h('span', { class: 'field-label' }, 'Values'), place),
      ],
      async submit(data) {
        await endpoints.secrets.create({ name: data.name, type: data.type, values: filled(editor.changes()) });
        toasts.success(`The secret ${data.name} is created.`);
        list.refresh();
      },
    });
  }

  function replace(secret) {
    const editor = keyValueEditor({ entries: secret.keys.map((key) => ({ key, value: null })), confidential: true });
    formDialog({
      title: `Replace values of ${secret.name}`,
      text: 'A key whose field stays empty keeps its value. Tasks that start from now on get the new ones.',
      confirm: 'Replace',
      wide: true,
      fields: editor.element,
      async submit() {
        await endpoints.secrets.change(secret.name, filled(editor.changes()));
        toasts.success(`The secret ${secret.name} is changed.`);
        list.refresh();
      },
    });
  }

  async function remove(secret) {
    const sure = await confirmDialog({
      title: `Delete the secret ${secret.name}?`,
      text: 'Tasks that name it can no longer start. Nothing brings its values back.',
      confirm: 'Delete',
      danger: true,
    });
    if (!sure) return;
    try {
      await endpoints.secrets.remove(secret.name);
      toasts.success(`The secret ${secret.name} is deleted.`);
      list.refresh();
    } catch (error) {
      toasts.failure(error);
    }
  }

  return h(
    'div',
    { class: 'page' },
    head(button('New secret', { icon: 'plus', kind: 'primary', onClick: create })),
    h('p', { class: 'muted lead' }, 'Values go in and never come out: not to this page, not to logs, not to lists.'),
    list.element,
  );
}

function filled(changes) {
  if (!Object.keys(changes).length) throw new Error('Nothing was changed.');
  return changes;
}
