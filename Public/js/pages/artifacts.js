// All artifacts of the namespace, newest first.
import { h } from '../dom.js';
import { bytes, shortId, typeName } from '../format.js';
import { pageHeader, time } from '../parts/basics.js';
import { emptyState } from '../parts/feedback.js';
import { pagedList, table } from '../parts/table.js';
import { downloadLink } from '../parts/values.js';

export default async function artifactsPage({ endpoints, signal, title, query }) {
  title('Artifacts');
  const run = query.get('run');
  const columns = [
    {
      label: 'Name',
      class: 'grow',
      cell: (one) => h('a', { class: 'row-link', href: `/artifacts/${one.id}` }, one.name || `artifact ${one.id}`),
    },
    { label: 'Type', cell: (one) => h('span', { class: 'chip' }, typeName(one.type)) },
    { label: 'Size', class: 'right number', cell: (one) => bytes(one.bytes) },
    {
      label: 'Run',
      cell: (one) =>
        one.run_id
          ? h(
              'a',
              { href: `/runs/${one.run_id}${one.node_id ? `?node=${encodeURIComponent(one.node_id)}` : ''}` },
              shortId(one.run_id),
            )
          : '–',
    },
    { label: 'Created', cell: (one) => time(one.created_at) },
    {
      label: '',
      class: 'right',
      cell: (one) => (one.digest || one.bytes ? downloadLink(endpoints.artifacts.contentAddress(one.id), one.name) : null),
    },
  ];
  const list = pagedList({
    signal,
    load: async (token) => {
      const body = await endpoints.artifacts.list({ run, token, signal });
      return { rows: body?.artifacts ?? [], next: body?.next_page_token || null };
    },
    draw: (rows) => table({ columns, rows, label: 'Artifacts' }),
    empty: () => emptyState('No artifacts yet', 'Datasets, models and metrics that pipeline steps write are kept here.'),
  });
  return h(
    'div',
    { class: 'page' },
    pageHeader({
      title: 'Artifacts',
      aside: run ? h('span', { class: 'chip' }, `of run ${shortId(run)}`) : null,
      actions: run ? h('a', { class: 'button', href: '/artifacts' }, 'All artifacts') : null,
    }),
    list.element,
  );
}
