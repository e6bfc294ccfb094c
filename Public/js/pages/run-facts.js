// The "Details" tab of a run's page: for the run itself and for one step.
import { h } from '../dom.js';
import { absoluteTime, duration, elapsed, plural, stateName } from '../format.js';
import { buildTree, isGroup, label, leafStates } from '../graph/tree.js';
import { badge, facts } from '../parts/basics.js';
import { parameterTable } from '../parts/values.js';

const CHILDREN_SHOWN = 200;
const FAILURES_SHOWN = 20;

/** The run's own facts, parameters and the metrics of all its steps. */
export function runFacts({ body, record }, metrics, onSelect) {
  const { run } = body;
  const parameters = Object.entries(record?.runtime_config?.parameters ?? {}).map(([name, value]) => ({ name, value }));
  const reference = record?.pipeline_version_reference;
  return [
    run.message || record?.error?.message
      ? h('p', { class: 'message', data: { state: stateName(run.state) } }, run.message || record.error.message)
      : null,
    failedSteps(body.nodes, onSelect),
    facts([
      ['Run', h('code', null, run.id)],
      ['Namespace', run.namespace],
      ['Pipeline', reference?.pipeline_id ? h('a', { href: `/pipelines/${reference.pipeline_id}` }, 'Open the pipeline') : null],
      [
        'Experiment',
        record?.experiment_id ? h('a', { href: `/experiments/${record.experiment_id}` }, 'Open the experiment') : null,
      ],
      ['Description', record?.description],
      ['Created', absoluteTime(run.created_at)],
      ['Started', absoluteTime(run.started_at)],
      ['Finished', absoluteTime(run.finished_at)],
    ]),
    h(
      'section',
      { class: 'section' },
      h('h3', null, 'Parameters'),
      parameters.length ? parameterTable(parameters) : h('p', { class: 'muted' }, 'None'),
    ),
    h('section', { class: 'section' }, h('h3', null, 'Metrics'), metrics),
  ];
}

/** The way to what went wrong, without a search in the graph. */
function failedSteps(nodes, onSelect) {
  // A group that failed before it had any steps is itself the place.
  const parents = new Set(nodes.map((node) => node.parent_id));
  // What a later attempt made good is not what went wrong.
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const mended = (node) => node != null && (node.state === 'Succeeded' || mended(byId.get(node.parent_id)));
  const failed = nodes.filter((node) => node.state === 'Failed' && !parents.has(node.id) && !mended(node));
  if (!failed.length) return null;
  return h(
    'section',
    { class: 'section' },
    h('h3', null, plural(failed.length, 'failed step')),
    h(
      'ul',
      { class: 'children' },
      failed
        .slice(0, FAILURES_SHOWN)
        .map((node) =>
          h(
            'li',
            null,
            badge(node.state),
            h('button', { type: 'button', class: 'link-button', onClick: () => onSelect(node.id) }, label(node)),
            h('span', { class: 'muted' }, node.message),
          ),
        ),
    ),
  );
}

/** What one step is and how it went; a group also lists what it holds. */
export function nodeFacts(node, nodes, onSelect) {
  return [
    node.message ? h('p', { class: 'message', data: { state: stateName(node.state) } }, node.message) : null,
    facts([
      ['Type', node.type],
      ['Task', node.task_name],
      ['Iteration', node.iteration ?? null],
      ['Runs only if', node.condition ? h('code', null, node.condition) : null],
      ['Duration', node.started_at ? duration(elapsed(node.started_at, node.finished_at)) : null],
      ['Started', node.started_at ? absoluteTime(node.started_at) : null],
      ['Finished', node.finished_at ? absoluteTime(node.finished_at) : null],
      [
        'Reused from',
        node.reused_from
          ? h('a', { href: `/runs/${node.reused_from.run_id}?node=${node.reused_from.node_id}` }, 'The equal step that ran')
          : null,
      ],
      ['Attempts', node.attempts > 1 ? node.attempts : null],
      ['Image', node.image ? h('code', null, node.image) : null],
      ['Node', h('code', null, node.id)],
    ]),
    node.command?.length
      ? h(
          'section',
          { class: 'section' },
          h('h3', null, 'Command'),
          h('pre', { class: 'command', tabindex: '0' }, node.command.map(quoted).join(' ')),
        )
      : null,
    isGroup(node) ? childrenOf(node, nodes, onSelect) : null,
  ];
}

function childrenOf(node, nodes, onSelect) {
  const entry = buildTree(nodes).byId.get(node.id);
  const counts = [...leafStates(entry)]
    .filter(([state]) => state)
    .map(([state, count]) => `${count} ${state.toLowerCase()}`)
    .join(', ');
  return h(
    'section',
    { class: 'section' },
    h('h3', null, plural(entry.children.length, { Loop: 'iteration', Retry: 'attempt' }[node.type] ?? 'step')),
    h('p', { class: 'muted' }, counts),
    h(
      'ul',
      { class: 'children' },
      entry.children
        .slice(0, CHILDREN_SHOWN)
        .map((child) =>
          h(
            'li',
            null,
            badge(child.node.state),
            h('button', { type: 'button', class: 'link-button', onClick: () => onSelect(child.id) }, label(child.node)),
          ),
        ),
    ),
  );
}

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${String(word).replaceAll("'", "'\\''")}'`);
