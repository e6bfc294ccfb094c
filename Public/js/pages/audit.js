// Who changed what, and who was refused: every write and every denied request.
import { h } from '../dom.js';
import { absoluteTime } from '../format.js';
import { pageHeader, time } from '../parts/basics.js';
import { emptyState, forbiddenState } from '../parts/feedback.js';
import { filterBar } from '../parts/filter-bar.js';
import { pagedList, table } from '../parts/table.js';
import { canAdminister } from '../roles.js';

const EVERYWHERE = '*';

export default async function auditPage({ endpoints, signal, title, session, namespace, role, query, setQuery }) {
  title('Audit');
  const head = pageHeader({ title: 'Audit', aside: session.is_admin ? null : h('span', { class: 'chip' }, namespace) });
  if (!canAdminister(role))
    return h(
      'div',
      { class: 'page' },
      head,
      forbiddenState(`You may not read the audit log of ${namespace}`, 'Its owners may, and administrators.'),
    );

  const filter = { about: query.get('about') ?? (session.is_admin ? EVERYWHERE : namespace), user: query.get('user') ?? '' };
  const list = pagedList({
    signal,
    load: async (before) => {
      const body = await endpoints.audit.list({
        namespace: session.is_admin ? (filter.about === EVERYWHERE ? null : filter.about) : namespace,
        user: filter.user,
        before,
        signal,
      });
      return { rows: body.entries ?? [], next: body.next ?? null };
    },
    draw: (rows) => table({ label: 'Audit log', rows, columns }),
    empty: () =>
      filter.user
        ? emptyState('No entry of this user', 'The name must be written in full.')
        : emptyState('No entries', 'Writes and denied requests are recorded here within a second.'),
  });

  const pick = session.is_admin
    ? h(
        'select',
        {
          'aria-label': 'Namespace of the entries',
          onChange(event) {
            filter.about = event.target.value;
            setQuery({ about: filter.about === EVERYWHERE ? null : filter.about });
            list.restart();
          },
        },
        h('option', { value: EVERYWHERE }, 'All namespaces'),
        (session.namespaces ?? []).map((one) => h('option', { value: one.name, selected: one.name === filter.about }, one.name)),
      )
    : null;
  return h(
    'div',
    { class: 'page' },
    head,
    filterBar({ label: 'User, in full', filter, key: 'user', setQuery, onChange: () => list.restart() }, pick),
    list.element,
  );
}

const columns = [
  { label: 'Time', cell: (one) => time(one.time) },
  { label: 'User', cell: (one) => one.user ?? h('span', { class: 'muted' }, 'unknown') },
  {
    label: 'Request',
    class: 'grow',
    cell: (one) => [
      h('span', { class: 'chip' }, one.method),
      h('span', { class: 'value' }, one.path),
      one.dropped ? h('span', { class: 'hint' }, ` ${one.dropped} entries before this one were left out`) : null,
    ],
  },
  { label: 'Namespace', cell: (one) => one.namespace ?? '–' },
  { label: 'Answer', cell: (one) => h('span', { class: 'badge', data: { state: one.status < 400 ? 'Succeeded' : 'Failed' } }, String(one.status)) },
  { label: 'From', cell: (one) => h('span', { class: 'muted', title: details(one) }, one.peer) },
];

const details = (one) =>
  [absoluteTime(one.time), one.route, one.request_id ? `request ${one.request_id}` : null, one.token_id ? `token ${one.token_id}` : null]
    .filter(Boolean)
    .join('\n');
