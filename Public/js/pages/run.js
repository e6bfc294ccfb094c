// One run: its live graph at the left, what is selected at the right.
import { fill, h } from '../dom.js';
import { isActive, stateName } from '../format.js';
import { createGraph } from '../graph/view.js';
import { badge, button, pageHeader, took } from '../parts/basics.js';
import { confirmDialog } from '../parts/dialog.js';
import { splitPane } from '../parts/split.js';
import { watchRun } from '../parts/watch.js';
import { createRunDetails } from './run-details.js';
import { stepsTable } from './run-steps.js';

export default async function runPage(context) {
  const { params, endpoints, signal, toasts, title, query, setQuery, navigate } = context;
  const { id } = params;
  let [body, record] = await Promise.all([
    endpoints.runs.graph(id, { signal }),
    endpoints.runs.get(id, { signal }).catch(() => null),
  ]);
  title(body.run.name || 'Run');

  const details = createRunDetails({ ...context, onSelect: (node) => select(node, { reveal: true }) });
  const graph = createGraph({ label: 'Run graph', onSelect: (node) => select(node), onOpen: () => details.focus() });
  const view = h('div', { class: 'run-view' });
  const header = h('div', null);
  let selected = query.get('node');
  let mode = query.get('view') === 'steps' ? 'steps' : 'graph';

  function select(node, { reveal = false } = {}) {
    selected = node;
    setQuery({ node });
    graph.select(node, { reveal });
    details.show({ body, record, selected });
    if (mode === 'steps') drawView();
  }

  function drawView() {
    if (mode === 'graph') {
      if (!graph.element.isConnected || graph.element.parentElement !== view) fill(view, graph.element);
    } else {
      const top = view.firstElementChild?.scrollTop ?? 0;
      fill(view, stepsTable(body.nodes, selected, select));
      view.firstElementChild.scrollTop = top;
    }
  }

  function draw() {
    const { run } = body;
    fill(
      header,
      pageHeader({
        crumbs: [['Runs', '/runs']],
        title: run.name || run.id,
        aside: [badge(shownState()), took(run.started_at ?? run.created_at, run.finished_at, run.state)],
        actions: [
          viewSwitch(mode, (next) => {
            mode = next;
            setQuery({ view: next === 'steps' ? next : null });
            draw();
            drawView();
          }),
          ...runActions(run),
        ],
      }),
    );
    graph.update(body.nodes);
    details.show({ body, record, selected });
    if (mode === 'steps') drawView();
  }

  /** The graph tells of a run that is being terminated only that it runs; its record knows better. */
  function shownState() {
    const known = stateName(record?.state);
    return isActive(body.run.state) && known === 'Cancelling' ? known : stateName(body.run.state);
  }

  function runActions(run) {
    const act = (action, done) => async () => {
      try {
        await endpoints.runs.act(id, action);
        toasts.success(done);
        record = null; // read again: it holds what the action changed
        await refresh();
      } catch (error) {
        toasts.failure(error);
      }
    };
    const archived = record?.storage_state === 'ARCHIVED';
    return [
      isActive(run.state)
        ? button('Terminate', {
            icon: 'stop',
            disabled: shownState() === 'Cancelling',
            async onClick() {
              if (
                await confirmDialog({
                  title: 'Terminate this run?',
                  text: 'Running steps are stopped; finished ones keep their outputs.',
                  confirm: 'Terminate',
                  danger: true,
                })
              )
                await act('terminate', 'The run is being terminated.')();
            },
          })
        : null,
      button('Clone', {
        icon: 'copy',
        title: 'Start a new run with the same parameters',
        onClick: () => navigate(`/new-run?clone=${encodeURIComponent(id)}`),
      }),
      isActive(run.state)
        ? null
        : button(archived ? 'Restore' : 'Archive', {
            icon: 'archive',
            onClick: act(
              archived ? 'unarchive' : 'archive',
              archived ? 'The run is back in the list.' : 'The run is in the archive.',
            ),
          }),
    ];
  }

  let reading = null;
  let again = false;
  /** At most one read under way; changes that arrive meanwhile are read together after it. */
  async function refresh() {
    if (reading) {
      again = true;
      return reading;
    }
    reading = (async () => {
      do {
        again = false;
        const wasActive = isActive(body.run.state);
        body = await endpoints.runs.graph(id, { signal });
        if (wasActive !== isActive(body.run.state) || !record)
          record = await endpoints.runs.get(id, { signal }).catch(() => record);
        if (!signal.aborted) draw();
      } while (again && !signal.aborted);
    })();
    try {
      await reading;
    } finally {
      reading = null;
    }
  }

  draw();
  drawView();
  graph.select(selected, { reveal: true });
  if (isActive(body.run.state))
    watchRun({ address: endpoints.runs.watchAddress(id), refresh, signal, ended: () => !isActive(body.run.state) });
  signal.addEventListener('abort', () => {
    graph.close();
    details.close();
  });

  return h('div', { class: 'page page-full' }, header, splitPane('run', view, details.element, 'Size of the details'));
}

function viewSwitch(mode, onChange) {
  const choice = (id, label) =>
    h(
      'label',
      { class: 'choice' },
      h('input', { type: 'radio', name: 'run-view', value: id, checked: mode === id, onChange: () => onChange(id) }),
      h('span', null, label),
    );
  return h(
    'fieldset',
    { class: 'segmented' },
    h('legend', { class: 'visually-hidden' }, 'View'),
    choice('graph', 'Graph'),
    choice('steps', 'Steps'),
  );
}
