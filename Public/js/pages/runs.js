// All runs of the namespace: filter, sort, page, compare, archive, terminate.
import { fill, h } from '../dom.js';
import { isActive, plural } from '../format.js';
import { icon } from '../icons.js';
import { button, pageHeader } from '../parts/basics.js';
import { confirmDialog } from '../parts/dialog.js';
import { emptyState } from '../parts/feedback.js';
import { pagedList, searchBox, table } from '../parts/table.js';
import { runColumns, runRows } from './run-columns.js';

const STATES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'PENDING', 'CANCELED'];

export default async function runsPage(context) {
  const { query, title } = context;
  title('Runs');
  const archived = query.get('archived') === 'true';
  const page = runsList(context, { archived, urlState: true });
  return h(
    'div',
    { class: 'page' },
    pageHeader({
      title: archived ? 'Archived runs' : 'Runs',
      actions: [
        h(
          'a',
          { class: 'button', href: archived ? '/runs' : '/runs?archived=true' },
          icon('archive'),
          archived ? 'Current runs' : 'Archive',
        ),
        h('a', { class: 'button primary', href: '/new-run' }, icon('plus'), 'New run'),
      ],
    }),
    page,
  );
}

/** The list itself, also on an experiment's page (`experiment`: its id). */
export function runsList(
  { endpoints, signal, query, setQuery, toasts, navigate },
  { archived = false, experiment = null, urlState = false },
) {
  const filter = { name: urlState ? (query.get('name') ?? '') : '', state: urlState ? (query.get('state') ?? '') : '' };
  let sort = { key: 'created_at', descending: true };
  const selection = new Set();
  let known = new Map();

  const list = pagedList({
    signal,
    load: async (token) =>
      runRows(
        await endpoints.runs.list({
          ...filter,
          archived,
          experiment,
          token,
          sort: `${sort.key} ${sort.descending ? 'desc' : 'asc'}`,
          signal,
        }),
      ),
    draw(rows) {
      known = new Map([...known, ...rows.map((run) => [run.run_id, run])]);
      return table({
        columns: runColumns,
        rows,
        label: 'Runs',
        sort,
        onSort(next) {
          sort = next;
          list.restart();
        },
        selection,
        onSelect: showActions,
        id: (run) => run.run_id,
      });
    },
    empty: () =>
      filter.name || filter.state
        ? emptyState('No run fits the filter', 'Change the name or the state to see more.')
        : archived
          ? emptyState('The archive is empty', 'Archived runs are kept here until they are deleted.')
          : emptyState(
              'No runs yet',
              'Start one from a pipeline, or submit one with the kfp SDK.',
              h('a', { class: 'button primary', href: '/new-run' }, 'New run'),
            ),
    refreshWhile: (rows) => rows.some((run) => isActive(run.state)),
  });

  function change(changes) {
    Object.assign(filter, changes);
    if (urlState) setQuery(changes);
    selection.clear();
    showActions();
    list.restart();
  }

  async function onAll(ids, action, done) {
    const results = await Promise.allSettled(ids.map(action));
    for (const result of results) if (result.status === 'rejected') toasts.failure(result.reason);
    const worked = results.filter((result) => result.status === 'fulfilled').length;
    if (worked) toasts.success(`${plural(worked, 'run')} ${done}.`);
    selection.clear();
    showActions();
    list.refresh();
  }

  const actions = h('div', { class: 'selection-bar', hidden: true, role: 'toolbar', 'aria-label': 'Selected runs' });
  function showActions() {
    const ids = [...selection];
    const running = ids.filter((id) => isActive(known.get(id)?.state));
    actions.hidden = !ids.length;
    fill(
      actions,
      h('span', null, `${ids.length} selected`),
      h('span', { class: 'spacer' }),
      button('Compare', {
        icon: 'compare',
        disabled: ids.length < 2,
        title: 'Parameters and metrics side by side',
        onClick: () => navigate(`/compare?runs=${ids.map(encodeURIComponent).join(',')}`),
      }),
      button('Terminate', {
        icon: 'stop',
        disabled: !running.length,
        async onClick() {
          if (
            await confirmDialog({
              title: `Terminate ${plural(running.length, 'run')}?`,
              text: 'Running steps are stopped; finished ones keep their outputs.',
              confirm: 'Terminate',
              danger: true,
            })
          )
            onAll(running, (id) => endpoints.runs.act(id, 'terminate'), 'terminating');
        },
      }),
      archived
        ? button('Restore', {
            icon: 'archive',
            onClick: () => onAll(ids, (id) => endpoints.runs.act(id, 'unarchive'), 'restored'),
          })
        : button('Archive', {
            icon: 'archive',
            onClick: () => onAll(ids, (id) => endpoints.runs.act(id, 'archive'), 'archived'),
          }),
      archived
        ? button('Delete', {
            icon: 'trash',
            kind: 'danger',
            async onClick() {
              if (
                await confirmDialog({
                  title: `Delete ${plural(ids.length, 'run')}?`,
                  text: 'Their history and logs are removed for good.',
                  confirm: 'Delete',
                  danger: true,
                })
              )
                onAll(ids, (id) => endpoints.runs.remove(id), 'deleted');
            },
          })
        : null,
    );
  }

  return h(
    'div',
    { class: 'list' },
    h(
      'div',
      { class: 'filters', role: 'search' },
      searchBox({ label: 'Filter by name', value: filter.name, onChange: (name) => change({ name }) }),
      h(
        'select',
        { 'aria-label': 'State', onChange: (event) => change({ state: event.target.value }) },
        h('option', { value: '' }, 'Any state'),
        STATES.map((state) =>
          h('option', { value: state, selected: state === filter.state }, state[0] + state.slice(1).toLowerCase()),
        ),
      ),
      actions,
    ),
    list.element,
  );
}
