// The panel beside the graph: the run itself, or the selected step with its values, log and artifacts.
import { fill, h } from '../dom.js';
import { isActive, stateName } from '../format.js';
import { isGroup, label } from '../graph/tree.js';
import { badge, tabs } from '../parts/basics.js';
import { emptyState } from '../parts/feedback.js';
import { logView } from '../parts/log-view.js';
import { valuesBlock } from '../parts/values.js';
import { artifactList, runMetrics } from './run-artifacts.js';
import { nodeFacts, runFacts } from './run-facts.js';

/** `{element, show({body, record, selected}), focus(), close()}`. */
export function createRunDetails({ endpoints, params, query, setQuery, onSelect }) {
  const element = h('aside', { class: 'details', id: 'details', 'aria-label': 'Details', tabindex: '-1' });
  let current = { body: null, record: null, selected: null };
  let drawn = null;
  let panel = null;
  let tab = query.get('tab') ?? 'details';

  const nodeOf = (id) => current.body.nodes.find((node) => node.id === id) ?? null;

  function show(next) {
    current = next;
    const node = nodeOf(current.selected);
    const key = node
      ? JSON.stringify(node)
      : JSON.stringify([
          current.body.run,
          current.record?.runtime_config,
          (current.body.nodes ?? []).map((one) => one.outputs?.artifacts?.length ?? 0),
        ]);
    const subject = node?.id ?? 'run';
    if (drawn?.key === key && drawn.subject === subject) return;
    // A log that is being followed goes on; everything else is drawn again with the new values.
    const sameSubject = drawn?.subject === subject;
    const keepsLog = sameSubject && panel?.current === 'logs' && drawn.state !== 'Pending';
    drawn = { key, subject, state: stateName(node?.state) };
    if (keepsLog) {
      fill(element.querySelector('.details-head'), heading(node));
      return;
    }
    const scroll = sameSubject ? element.querySelector('.tab-panel')?.scrollTop : 0;
    const focused = sameSubject && element.contains(document.activeElement) ? document.activeElement.id : null;
    panel?.close();
    panel = tabs(node ? nodeTabs(node) : runTabs(), {
      selected: tab,
      label: 'Details',
      onChange(id) {
        tab = id;
        setQuery({ tab: id === 'details' ? null : id });
      },
    });
    fill(element, h('div', { class: 'details-head' }, heading(node)), panel.element);
    const target = element.querySelector('.tab-panel');
    if (scroll) target.scrollTop = scroll;
    if (focused?.startsWith('tabs-')) element.querySelector('[role=tab][aria-selected=true]')?.focus();
  }

  function heading(node) {
    if (!node) return [h('h2', null, 'Run'), badge(current.body.run.state)];
    return [
      h('h2', null, label(node)),
      badge(node.state),
      h('span', { class: 'spacer' }),
      h('button', { type: 'button', class: 'button small', onClick: () => onSelect(null) }, 'Show the run'),
    ];
  }

  function runTabs() {
    return [
      {
        id: 'details',
        label: 'Details',
        render: (left) => runFacts(current, runMetrics({ endpoints, signal: left, onSelect }, current.body.nodes), onSelect),
      },
      {
        id: 'artifacts',
        label: 'Artifacts',
        render: (left) => artifactList({ endpoints, signal: left }, current.body.nodes, null),
      },
    ];
  }

  function nodeTabs(node) {
    return [
      { id: 'details', label: 'Details', render: () => nodeFacts(node, current.body.nodes, onSelect) },
      {
        id: 'values',
        label: 'Inputs & outputs',
        render: () => [valuesBlock('Inputs', node.inputs), valuesBlock('Outputs', node.outputs)],
      },
      isGroup(node) ? null : { id: 'logs', label: 'Logs', render: (left) => nodeLog(node.id, left) },
      {
        id: 'artifacts',
        label: 'Artifacts',
        render: (left) => artifactList({ endpoints, signal: left }, current.body.nodes, node),
      },
    ].filter(Boolean);
  }

  function nodeLog(id, left) {
    const reused = nodeOf(id)?.reused_from;
    if (reused)
      return [
        emptyState('No log', 'This step did not run: the result of an equal one was reused.'),
        h('p', null, h('a', { href: `/runs/${reused.run_id}?node=${reused.node_id}&tab=logs` }, 'The log of the step that ran')),
      ];
    const state = stateName(nodeOf(id)?.state);
    if (['Skipped', 'Omitted'].includes(state)) return emptyState('No log', 'This step did not run.');
    if (state === 'Pending') return emptyState('No log yet', 'The step has not started.');
    return logView({
      address: (follow) => endpoints.runs.logAddress(params.id, id, follow),
      live: () => isActive(nodeOf(id)?.state),
      signal: left,
    });
  }

  return { element, show, focus: () => element.focus(), close: () => panel?.close() };
}
