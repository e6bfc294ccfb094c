// One pipeline: its versions, the graph of the chosen one, its specification and parameters.
import { fill, h } from '../dom.js';
import { absoluteTime, value } from '../format.js';
import { createGraph } from '../graph/view.js';
import { isGroup, label } from '../graph/tree.js';
import { icon } from '../icons.js';
import { button, copyButton, facts, pageHeader, tabs } from '../parts/basics.js';
import { confirmDialog } from '../parts/dialog.js';
import { asyncRegion, emptyState, errorState } from '../parts/feedback.js';
import { splitPane } from '../parts/split.js';
import { table } from '../parts/table.js';
import { valuesBlock } from '../parts/values.js';
import { yamlText, yamlView } from '../parts/yaml.js';
import { documentsOf, inputParameters } from '../spec.js';
import { uploadVersion } from './pipelines.js';
import { runColumns } from './run-columns.js';

export default async function pipelinePage(context) {
  const { params, endpoints, signal, title, query, setQuery, toasts, navigate } = context;
  const [pipeline, listed] = await Promise.all([endpoints.pipelines.get(params.id, { signal }), endpoints.pipelines.versions(params.id, { signal })]);
  const name = pipeline.display_name || pipeline.name;
  title(name);
  const versions = listed?.pipeline_versions ?? [];
  let version = versions.find((one) => one.pipeline_version_id === query.get('version')) ?? versions[0] ?? null;
  const body = h('div', { class: 'page-body' });
  const runLink = h('a', { class: 'button primary' }, icon('runs'), 'Create run');

  const picker = h('select', {
    'aria-label': 'Version',
    onChange(event) {
      version = versions.find((one) => one.pipeline_version_id === event.target.value);
      setQuery({ version: version.pipeline_version_id });
      draw();
    },
  }, versions.map((one) => h('option', { value: one.pipeline_version_id, selected: one === version }, one.display_name || one.name || one.pipeline_version_id)));

  let leave = () => {};
  signal.addEventListener('abort', () => leave());
  async function draw() {
    leave();
    if (!version) { fill(body, emptyState('This pipeline has no version', 'Upload a package to give it one.')); runLink.hidden = true; return; }
    runLink.setAttribute('href', `/new-run?pipeline=${encodeURIComponent(params.id)}&version=${encodeURIComponent(version.pipeline_version_id)}`);
    const mine = version;
    try {
      const full = version.pipeline_spec ? version : await endpoints.pipelines.version(params.id, version.pipeline_version_id, { signal });
      if (mine === version && !signal.aborted) leave = drawVersion(context, body, pipeline, full);
    } catch (error) {
      if (!signal.aborted) fill(body, errorState(error, draw));
    }
  }
  await draw();

  async function remove() {
    if (!await confirmDialog({ title: `Delete the pipeline ${name}?`, text: 'All its versions go with it. Runs that were made from it stay.', confirm: 'Delete', danger: true })) return;
    try { await endpoints.pipelines.remove(params.id); toasts.success('The pipeline is deleted.'); navigate('/pipelines'); } catch (error) { toasts.failure(error); }
  }
  return h('div', { class: 'page page-full' },
    pageHeader({
      crumbs: [['Pipelines', '/pipelines']], title: name, aside: versions.length ? picker : null,
      actions: [button('New version', { icon: 'upload', onClick: () => uploadVersion(context, pipeline) }), button('Delete', { icon: 'trash', onClick: remove }), runLink],
    }), body);
}

/** Draws one version into `body`; answers how to leave it. */
function drawVersion(context, body, pipeline, version) {
  const { endpoints, signal, toasts, query, setQuery } = context;
  const documents = documentsOf(version.pipeline_spec);
  const parameters = inputParameters(version.pipeline_spec);
  let nodes = [];
  let selected = null;
  const graph = createGraph({ label: 'Pipeline graph', onSelect(id) { selected = id; panel.redraw(); }, onOpen: () => side.focus() });
  const stage = asyncRegion(async () => {
    nodes = (await endpoints.pipelines.graph(pipeline.pipeline_id, version.pipeline_version_id, { signal })).nodes ?? [];
    queueMicrotask(() => graph.update(nodes));
    return graph.element;
  }, { props: { class: 'region run-view' } });

  const overview = () => {
    const node = nodes.find((one) => one.id === selected);
    return node ? stepFacts(node) : [
      facts([['Description', version.description || pipeline.description], ['Created', absoluteTime(version.created_at)], ['Version', h('code', null, version.pipeline_version_id)]]),
      h('section', { class: 'section' }, h('h3', null, 'Parameters'), parameters.length ? h('table', { class: 'pairs', 'aria-label': 'Parameters' }, h('tbody', null, parameters.map((one) => h('tr', null,
        h('th', { scope: 'row' }, one.name), h('td', null, h('span', { class: 'muted' }, one.type.toLowerCase().replace('number_', ''), ' '), one.fallback === undefined ? '' : `= ${value(one.fallback)}`))))) : h('p', { class: 'muted' }, 'None')),
      h('p', { class: 'muted' }, 'Select a step in the graph to see what it runs.'),
    ];
  };
  const text = yamlText(documents);
  const panel = tabs([
    { id: 'details', label: 'Details', render: overview },
    { id: 'spec', label: 'Specification', render: () => h('div', { class: 'spec' }, h('div', { class: 'log-bar' }, h('span', { class: 'muted' }, `${text.split('\n').length} lines`), h('span', { class: 'spacer' }), copyButton(text, toasts)), yamlView(documents)) },
    { id: 'runs', label: 'Runs', render: (left) => pipelineRuns(context, pipeline, left) },
  ], { selected: query.get('tab') ?? 'details', label: 'Pipeline', onChange: (id) => setQuery({ tab: id === 'details' ? null : id }) });
  const side = h('aside', { class: 'details', id: 'details', 'aria-label': 'Details', tabindex: '-1' }, panel.element);
  fill(body, splitPane('pipeline', stage.element, side, 'Size of the details'));
  return () => { graph.close(); panel.close(); };
}

/** KFP cannot filter runs by pipeline, so the latest of the namespace are sifted here. */
function pipelineRuns({ endpoints }, pipeline, signal) {
  return asyncRegion(async () => {
    const body = await endpoints.runs.list({ size: 100, signal });
    const rows = (body?.runs ?? []).filter((run) => run.pipeline_version_reference?.pipeline_id === pipeline.pipeline_id);
    return rows.length ? table({ columns: runColumns.map((column) => ({ ...column, sort: null })), rows, label: 'Runs' }) : emptyState('No recent runs', 'Among the latest hundred runs none is of this pipeline.');
  }).element;
}

function stepFacts(node) {
  return [
    h('h3', null, label(node)),
    facts([['Type', node.type], ['Task', node.task_name], ['Runs only if', node.condition ? h('code', null, node.condition) : null], ['Image', node.image ? h('code', null, node.image) : null]]),
    node.command?.length ? h('section', { class: 'section' }, h('h3', null, 'Command'), h('pre', { class: 'command', tabindex: '0' }, node.command.join(' '))) : null,
    isGroup(node) && !node.inputs ? null : [valuesBlock('Inputs', node.inputs), valuesBlock('Outputs', node.outputs)],
  ];
}
