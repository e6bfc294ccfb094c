// All namespaces that one has a role in.
import { h } from '../dom.js';
import { plural } from '../format.js';
import { badge, button, pageHeader, rowButton } from '../parts/basics.js';
import { deleteNamespaceDialog } from '../parts/delete-namespace.js';
import { emptyState, keepFocus } from '../parts/feedback.js';
import { filterBar } from '../parts/filter-bar.js';
import { table } from '../parts/table.js';
import { poll } from '../state.js';

const AT_MOST = 500;
/** Where the server itself works; it cannot be deleted. */
const LASTING = 'default';

export default async function namespacesPage(context) {
  const { title, toasts, session, namespace, createNamespace, changeNamespace, refreshSession, query, setQuery, endpoints, signal } = context;
  title('Namespaces');
  const filter = { name: query.get('name') ?? '' };
  let all = [];
  let leaving = new Set();
  const region = h('div', { class: 'region' });

  async function read() {
    const [listed, terminating] = await Promise.all([
      endpoints.namespaces.list({ signal }),
      session.is_admin ? endpoints.namespaces.terminating({ signal }) : [],
    ]);
    const isNews = JSON.stringify([all, [...leaving]]) !== JSON.stringify([listed.namespaces ?? [], terminating]);
    all = listed.namespaces ?? [];
    leaving = new Set(terminating);
    if (isNews) keepFocus(region, draw);
  }

  function draw() {
    const rows = all.filter((one) => one.name.includes(filter.name.toLowerCase()));
    region.replaceChildren(
      rows.length
        ? table({ label: 'Namespaces', rows: rows.slice(0, AT_MOST), columns })
        : emptyState(
            filter.name ? 'No namespace has this name' : 'No namespace yet',
            filter.name ? 'Try a shorter part of it.' : 'An administrator can give you a role in one.',
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
        leaving.has(one.name) ? [' ', badge('Terminating')] : null,
      ],
    },
    { label: 'Your role', cell: (one) => one.role ?? '–' },
    {
      label: '',
      class: 'right',
      cell: (one) => [
        ['Members', 'Quotas', 'Activity'].map((page) => [
          ' ',
          h(
            'a',
            { class: 'button small', href: `/${page.toLowerCase()}?ns=${encodeURIComponent(one.name)}`, 'aria-label': `${page} of ${one.name}` },
            page,
          ),
        ]),
        session.is_admin && one.name !== LASTING && !leaving.has(one.name)
          ? [' ', rowButton('Delete', `Delete ${one.name}`, () => deleteNamespaceDialog({ endpoints, name: one.name, onDeleted }))]
          : null,
      ],
    },
  ];

  async function onDeleted(name) {
    toasts.success(`The namespace ${name} is being deleted.`);
    await refreshSession();
    if (name === namespace) return changeNamespace(LASTING);
    return read();
  }

  await read();
  if (all.length !== (session.namespaces ?? []).length) await refreshSession();
  // A namespace that is being deleted stays until it is empty.
  poll(
    async () => {
      if (!leaving.size) return;
      await read();
      if (!leaving.size) await refreshSession();
    },
    1500,
    signal,
  );
  return h(
    'div',
    { class: 'page' },
    pageHeader({
      title: 'Namespaces',
      actions: session.is_admin ? button('New namespace', { icon: 'plus', kind: 'primary', onClick: createNamespace }) : null,
    }),
    filterBar({ label: 'Filter by name', filter, key: 'name', setQuery, onChange: draw }),
    region,
  );
}
