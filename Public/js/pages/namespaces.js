// All namespaces that one has a role in.
import { h } from '../dom.js';
import { plural } from '../format.js';
import { button, pageHeader } from '../parts/basics.js';
import { emptyState } from '../parts/feedback.js';
import { searchBox, table } from '../parts/table.js';

const AT_MOST = 500;

export default async function namespacesPage({ title, session, namespace, createNamespace, refreshSession, query, setQuery, endpoints, signal }) {
  title('Namespaces');
  let text = query.get('name') ?? '';
  const all = (await endpoints.namespaces.list({ signal })).namespaces ?? [];
  if (all.length !== (session.namespaces ?? []).length) await refreshSession();
  const region = h('div', { class: 'region' });

  function draw() {
    const rows = all.filter((one) => one.name.includes(text.toLowerCase()));
    region.replaceChildren(
      rows.length
        ? table({ label: 'Namespaces', rows: rows.slice(0, AT_MOST), columns })
        : emptyState(
            text ? 'No namespace has this name' : 'No namespace yet',
            text ? 'Try a shorter part of it.' : 'An administrator can give you a role in one.',
          ),
    );
    if (rows.length > AT_MOST) region.append(h('p', { class: 'hint' }, `The first ${AT_MOST} of ${plural(rows.length, 'namespace')}.`));
  }
  const columns = [
    {
      label: 'Name',
      class: 'grow',
      cell: (one) => [
        h('a', { class: 'row-link', href: `/?ns=${encodeURIComponent(one.name)}` }, one.name),
        one.name === namespace ? h('span', { class: 'chip after' }, 'chosen') : null,
        one.name === session.home_namespace ? h('span', { class: 'chip after' }, 'home') : null,
      ],
    },
    { label: 'Your role', cell: (one) => one.role ?? '–' },
    {
      label: '',
      class: 'right',
      cell: (one) =>
        ['Members', 'Quotas', 'Activity'].map((page) => [
          ' ',
          h(
            'a',
            { class: 'button small', href: `/${page.toLowerCase()}?ns=${encodeURIComponent(one.name)}`, 'aria-label': `${page} of ${one.name}` },
            page,
          ),
        ]),
    },
  ];
  draw();
  return h(
    'div',
    { class: 'page' },
    pageHeader({
      title: 'Namespaces',
      actions: session.is_admin ? button('New namespace', { icon: 'plus', kind: 'primary', onClick: createNamespace }) : null,
    }),
    h(
      'div',
      { class: 'list' },
      h(
        'div',
        { class: 'filters', role: 'search' },
        searchBox({
          label: 'Filter by name',
          value: text,
          onChange(next) {
            text = next;
            setQuery({ name: text });
            draw();
          },
        }),
      ),
      region,
    ),
  );
}
