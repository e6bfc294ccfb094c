// Config maps of the namespace: settings that tasks are given by name, and that whoever may look here may read.
import { h } from '../dom.js';
import { button, pageHeader, rowButton, time } from '../parts/basics.js';
import { nameInput, NAME_HINT } from '../parts/create-namespace.js';
import { confirmDialog, field, formDialog } from '../parts/dialog.js';
import { emptyState, forbiddenState } from '../parts/feedback.js';
import { keyValueEditor } from '../parts/key-values.js';
import { pagedList, table } from '../parts/table.js';
import { longValue } from '../parts/values.js';
import { canRead, canWrite } from '../roles.js';
import { OBJECT_NAME } from './secrets.js';

export default async function configMapsPage({ endpoints, signal, title, toasts, namespace, role }) {
  title('Config maps');
  const head = (actions) => pageHeader({ title: 'Config maps', aside: h('span', { class: 'chip' }, namespace), actions });
  if (!canRead(role)) return h('div', { class: 'page' }, head(), forbiddenState(`You may not see the config maps of ${namespace}`));
  const may = canWrite(role);

  const list = pagedList({
    signal,
    load: async (token) => {
      const body = await endpoints.configMaps.list({ token, signal });
      return { rows: body.items ?? [], next: body.metadata?.continue ?? null };
    },
    draw: (rows) => table({ label: 'Config maps', rows, columns }),
    empty: () => emptyState('No config maps yet', 'Settings that tasks are given by name. What nobody may read belongs into a secret.'),
  });

  const columns = [
    { label: 'Name', class: 'top', cell: (one) => one.metadata.name },
    { label: 'Data', class: 'grow', cell: dataOf },
    { label: 'Created', class: 'top', cell: (one) => time(one.metadata.creationTimestamp) },
    ...(may
      ? [
          {
            label: '',
            class: 'right nowrap top',
            cell: ({ metadata, immutable, data = {} }) => [
              immutable
                ? h('span', { class: 'chip' }, 'immutable')
                : rowButton('Edit', `Edit ${metadata.name}`, () => edit(metadata, data)),
              ' ',
              rowButton('Delete', `Delete ${metadata.name}`, () => remove(metadata.name)),
            ],
          },
        ]
      : []),
  ];

  function create() {
    const editor = keyValueEditor({ entries: [] });
    formDialog({
      title: 'New config map',
      confirm: 'Create',
      wide: true,
      fields: [
        field('Name', nameInput(OBJECT_NAME), NAME_HINT),
        h('div', { class: 'field' }, h('span', { class: 'field-label' }, 'Data'), editor.element),
      ],
      async submit(data) {
        await endpoints.configMaps.create(data.name, editor.changes());
        toasts.success(`The config map ${data.name} is created.`);
        list.refresh();
      },
    });
  }

  function edit({ name, resourceVersion }, data) {
    const editor = keyValueEditor({ entries: Object.entries(data).map(([key, value]) => ({ key, value })) });
    formDialog({
      title: `Edit ${name}`,
      confirm: 'Save',
      wide: true,
      fields: editor.element,
      async submit() {
        try {
          await endpoints.configMaps.change(name, resourceVersion, editor.changes());
        } catch (error) {
          if (error.status === 409) error.message = 'Somebody has changed it meanwhile. Close this, look at what is there now, and edit again.';
          throw error;
        } finally {
          list.refresh();
        }
        toasts.success(`The config map ${name} is changed.`);
      },
    });
  }

  async function remove(name) {
    const sure = await confirmDialog({
      title: `Delete the config map ${name}?`,
      text: 'Tasks that name it can no longer start.',
      confirm: 'Delete',
      danger: true,
    });
    if (!sure) return;
    try {
      await endpoints.configMaps.remove(name);
      toasts.success(`The config map ${name} is deleted.`);
      list.refresh();
    } catch (error) {
      toasts.failure(error);
    }
  }

  return h(
    'div',
    { class: 'page' },
    head(may ? button('New config map', { icon: 'plus', kind: 'primary', onClick: create }) : null),
    list.element,
  );
}

function dataOf(map) {
  const rows = [
    ...Object.entries(map.data ?? {}),
    ...Object.keys(map.binaryData ?? {}).map((key) => [key, '(bytes)']),
  ];
  if (!rows.length) return h('span', { class: 'muted' }, 'empty');
  return h(
    'dl',
    { class: 'facts config-data' },
    rows.map(([key, value]) => [h('dt', null, key), h('dd', null, longValue(value))]),
  );
}
