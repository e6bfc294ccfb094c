// All experiments: named collections of runs.
import { h } from '../dom.js';
import { button, pageHeader, time } from '../parts/basics.js';
import { field, formDialog } from '../parts/dialog.js';
import { emptyState } from '../parts/feedback.js';
import { pagedList, searchBox, table } from '../parts/table.js';

const columns = [
  {
    label: 'Name',
    class: 'grow',
    cell: (one) =>
      h('a', { class: 'row-link', href: `/experiments/${one.experiment_id}` }, one.display_name || one.experiment_id),
  },
  { label: 'Description', class: 'grow muted', cell: (one) => one.description || '' },
  { label: 'Last run', cell: (one) => time(one.last_run_created_at) },
  { label: 'Created', cell: (one) => time(one.created_at) },
];

export default async function experimentsPage({ endpoints, signal, title, toasts, navigate }) {
  title('Experiments');
  let name = '';
  const list = pagedList({
    signal,
    load: async (token) => {
      const body = await endpoints.experiments.list({ name, token, signal });
      return { rows: body?.experiments ?? [], next: body?.next_page_token || null, total: body?.total_size };
    },
    draw: (rows) => table({ columns, rows, label: 'Experiments' }),
    empty: () =>
      name
        ? emptyState('No experiment has this name', 'Try a shorter part of it.')
        : emptyState('No experiments yet', 'An experiment groups runs that belong together.'),
  });
  const create = () =>
    formDialog({
      title: 'New experiment',
      confirm: 'Create',
      fields: [
        field('Name', h('input', { type: 'text', name: 'name', required: true, autocomplete: 'off' })),
        field('Description', h('input', { type: 'text', name: 'description', autocomplete: 'off' })),
      ],
      async submit(data) {
        const made = await endpoints.experiments.create(data.name.trim(), data.description.trim());
        toasts.success('The experiment is created.');
        if (made?.experiment_id) navigate(`/experiments/${made.experiment_id}`);
        else list.refresh();
      },
    });
  return h(
    'div',
    { class: 'page' },
    pageHeader({ title: 'Experiments', actions: button('New experiment', { icon: 'plus', kind: 'primary', onClick: create }) }),
    h(
      'div',
      { class: 'list' },
      h(
        'div',
        { class: 'filters', role: 'search' },
        searchBox({
          label: 'Filter by name',
          onChange(text) {
            name = text;
            list.restart();
          },
        }),
      ),
      list.element,
    ),
  );
}
