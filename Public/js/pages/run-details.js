// The panel beside the graph: the run itself, or the selected step with its values, log and artifacts.
import { fill, h } from '../dom.js';
import { absoluteTime, duration, elapsed, isActive, plural, stateName, typeName } from '../format.js';
import { buildTree, isGroup, label, leafStates } from '../graph/tree.js';
import { badge, facts, tabs } from '../parts/basics.js';
import { asyncRegion, emptyState } from '../parts/feedback.js';
import { logView } from '../parts/log-view.js';
import { downloadLink, metricsBlock, parameterTable, valuesBlock } from '../parts/values.js';

const CHILDREN_SHOWN = 200;

/** `{element, show({body, record, selected}), focus(), close()}`. */
export function createRunDetails({ endpoints, params, signal, query, setQuery, onSelect }) {
  const element = h('aside', { class: 'details', id: 'details', 'aria-label': 'Details', tabindex: '-1' });
  let current = { body: null, record: null, selected: null };
  let drawn = null;
  let panel = null;
  let tab = query.get('tab') ?? 'details';

  const nodeOf = (id) => current.body.nodes.find((node) => node.id === id) ?? null;

  function show(next) {
    current = next;
    const node = nodeOf(current.selected);
    const key = node ? JSON.stringify(node) : JSON.stringify([current.body.run, current.record?.runtime_config, (current.body.nodes ?? []).map((one) => one.outputs?.artifacts?.length ?? 0)]);
    const subject = node?.id ?? 'run';
    if (drawn?.key === key && drawn.subject === subject) return;
    // A log that is being followed goes on; everything else is drawn again with the new values.
    const keepsLog = drawn?.subject === subject && panel?.current === 'logs';
    const sameSubject = drawn?.subject === subject;
    drawn = { key, subject };
    if (keepsLog) { fill(element.querySelector('.details-head'), heading(node)); return; }
    const scroll = sameSubject ? element.querySelector('.tab-panel')?.scrollTop : 0;
    const focused = sameSubject && element.contains(document.activeElement) ? document.activeElement.id : null;
    panel?.close();
    panel = tabs(node ? nodeTabs(node) : runTabs(), { selected: tab, label: 'Details', onChange(id) { tab = id; setQuery({ tab: id === 'details' ? null : id }); } });
    fill(element, h('div', { class: 'details-head' }, heading(node)), panel.element);
    const target = element.querySelector('.tab-panel');
    if (scroll) target.scrollTop = scroll;
    if (focused?.startsWith('tabs-')) element.querySelector('[role=tab][aria-selected=true]')?.focus();
  }

  function heading(node) {
    if (!node) return [h('h2', null, 'Run'), badge(current.body.run.state)];
    return [h('h2', null, label(node)), badge(node.state), h('span', { class: 'spacer' }),
      h('button', { type: 'button', class: 'button small', onClick: () => onSelect(null) }, 'Show the run')];
  }

  function runTabs() {
    return [
      { id: 'details', label: 'Details', render: runFacts },
      { id: 'artifacts', label: 'Artifacts', render: (left) => artifactList(null, left) },
    ];
  }

  function runFacts() {
    const { run } = current.body;
    const { record } = current;
    const parameters = Object.entries(record?.runtime_config?.parameters ?? {}).map(([name, value]) => ({ name, value }));
    const reference = record?.pipeline_version_reference;
    return [
      run.message || record?.error?.message ? h('p', { class: 'message', data: { state: stateName(run.state) } }, run.message || record.error.message) : null,
      facts([
        ['Run', h('code', null, run.id)], ['Namespace', run.namespace],
        ['Pipeline', reference?.pipeline_id ? h('a', { href: `/pipelines/${reference.pipeline_id}` }, 'Open the pipeline') : null],
        ['Experiment', record?.experiment_id ? h('a', { href: `/experiments/${record.experiment_id}` }, 'Open the experiment') : null],
        ['Description', record?.description], ['Created', absoluteTime(run.created_at)], ['Started', absoluteTime(run.started_at)], ['Finished', absoluteTime(run.finished_at)],
      ]),
      h('section', { class: 'section' }, h('h3', null, 'Parameters'), parameters.length ? parameterTable(parameters) : h('p', { class: 'muted' }, 'None')),
      h('section', { class: 'section' }, h('h3', null, 'Metrics'), runMetrics()),
    ];
  }

  /** The numbers of all metrics artifacts of the run. */
  function runMetrics() {
    const metrics = (current.body.nodes ?? []).filter((node) => !isGroup(node)).flatMap((node) => (node.outputs?.artifacts ?? []).filter((one) => /Metrics$/.test(one.type ?? '')).map((one) => ({ node, ...one })));
    if (!metrics.length) return h('p', { class: 'muted' }, 'None');
    return asyncRegion(async () => {
      const found = await Promise.all(metrics.slice(0, 50).map((one) => endpoints.artifacts.get(one.id, { signal }).catch(() => null)));
      return metrics.slice(0, 50).map((one, index) => {
        const block = found[index] ? metricsBlock(found[index]) : null;
        return h('div', { class: 'metrics' }, h('h4', null, h('button', { type: 'button', class: 'link-button', onClick: () => onSelect(one.node.id) }, label(one.node)), ` · ${one.name}`), block ?? h('p', { class: 'muted' }, 'No values'));
      });
    }, { rows: 2 }).element;
  }

  function nodeTabs(node) {
    return [
      { id: 'details', label: 'Details', render: () => nodeFacts(node) },
      { id: 'values', label: 'Inputs & outputs', render: () => [valuesBlock('Inputs', node.inputs), valuesBlock('Outputs', node.outputs)] },
      isGroup(node) ? null : { id: 'logs', label: 'Logs', render: (left) => nodeLog(node.id, left) },
      { id: 'artifacts', label: 'Artifacts', render: (left) => artifactList(node, left) },
    ].filter(Boolean);
  }

  function nodeFacts(node) {
    return [
      node.message ? h('p', { class: 'message', data: { state: stateName(node.state) } }, node.message) : null,
      facts([
        ['Type', node.type], ['Task', node.task_name], ['Iteration', node.iteration ?? null], ['Runs only if', node.condition ? h('code', null, node.condition) : null],
        ['Duration', node.started_at ? duration(elapsed(node.started_at, node.finished_at)) : null],
        ['Started', node.started_at ? absoluteTime(node.started_at) : null], ['Finished', node.finished_at ? absoluteTime(node.finished_at) : null],
        ['Attempts', node.attempts > 1 ? node.attempts : null], ['Image', node.image ? h('code', null, node.image) : null],
        ['Node', h('code', null, node.id)],
      ]),
      node.command?.length ? h('section', { class: 'section' }, h('h3', null, 'Command'), h('pre', { class: 'command', tabindex: '0' }, node.command.map(quoted).join(' '))) : null,
      isGroup(node) ? childrenOf(node) : null,
    ];
  }

  function childrenOf(node) {
    const entry = buildTree(current.body.nodes).byId.get(node.id);
    const counts = [...leafStates(entry)].filter(([state]) => state).map(([state, count]) => `${count} ${state.toLowerCase()}`).join(', ');
    return h('section', { class: 'section' }, h('h3', null, node.type === 'Loop' ? plural(entry.children.length, 'iteration') : plural(entry.children.length, 'step')), h('p', { class: 'muted' }, counts),
      h('ul', { class: 'children' }, entry.children.slice(0, CHILDREN_SHOWN).map((child) => h('li', null, badge(child.node.state), h('button', { type: 'button', class: 'link-button', onClick: () => onSelect(child.id) }, label(child.node))))));
  }

  function nodeLog(id, left) {
    const state = stateName(nodeOf(id)?.state);
    if (['Skipped', 'Omitted'].includes(state)) return emptyState('No log', 'This step did not run.');
    return logView({ address: (follow) => endpoints.runs.logAddress(params.id, id, follow), live: () => isActive(nodeOf(id)?.state), signal: left });
  }

  function artifactList(node, left) {
    const rows = (node ? [node] : current.body.nodes.filter((one) => !isGroup(one))).flatMap((one) => (one.outputs?.artifacts ?? []).map((artifact) => ({ ...artifact, step: one })));
    if (!rows.length) return emptyState('No artifacts', node ? 'This step has written none.' : 'No step has written one yet.');
    return asyncRegion(async () => {
      const found = await Promise.all(rows.slice(0, 100).map((row) => endpoints.artifacts.get(row.id, { signal: left }).catch(() => row)));
      return h('ul', { class: 'artifact-cards' }, found.map((artifact, index) => h('li', { class: 'artifact-card' },
        h('div', { class: 'artifact-head' }, h('a', { href: `/artifacts/${artifact.id}` }, rows[index].name), h('span', { class: 'chip' }, typeName(artifact.type)),
          h('span', { class: 'spacer' }), downloadLink(endpoints.artifacts.contentAddress(artifact.id), artifact.name)),
        node ? null : h('p', { class: 'muted' }, 'from ', label(rows[index].step)),
        metricsBlock(artifact))));
    }, { rows: 3 }).element;
  }

  return { element, show, focus: () => element.focus(), close: () => panel?.close() };
}

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${String(word).replaceAll("'", "'\\''")}'`);
