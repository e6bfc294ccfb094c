// One version of a pipeline: graph at the left; details, specification and runs at the right.
import { fill, h } from '../dom.js';
import { absoluteTime, value } from '../format.js';
import { isGroup, label } from '../graph/tree.js';
import { createGraph } from '../graph/view.js';
import { copyButton, facts, tabs } from '../parts/basics.js';
import { asyncRegion, emptyState } from '../parts/feedback.js';
import { splitPane } from '../parts/split.js';
import { table } from '../parts/table.js';
import { parameterTable, valuesBlock } from '../parts/values.js';
import { yamlText, yamlView } from '../parts/yaml.js';
import { documentsOf, inputParameters } from '../spec.js';
import { runColumns } from './run-columns.js';

/** Draws one version into `body`; answers how to leave it. */
export function drawVersion(context, body, pipeline, version) {
  const { endpoints, signal, toasts, query, setQuery } = context;
  const documents = documentsOf(version.pipeline_spec);
  const parameters = inputParameters(version.pipeline_spec);
  let nodes = [];
  let notes = [];
  let selected = null;
  const graph = createGraph({
    label: 'Pipeline graph',
    onSelect(id) {
      selected = id;
      panel.redraw();
    },
    onOpen: () => side.focus(),
  });
  const stage = asyncRegion(
    async () => {
      const body = await endpoints.pipelines.graph(pipeline.pipeline_id, version.pipeline_version_id, { signal });
      nodes = body.nodes ?? [];
      notes = body.notes ?? [];
      if (notes.length) panel.redraw();
      queueMicrotask(() => graph.update(nodes));
      return graph.element;
    },
    { props: { class: 'region run-view' } },
  );

  const overview = () => {
    const node = nodes.find((one) => one.id === selected);
    return node
      ? stepFacts(node)
      : [
          notes.map((note) => h('p', { class: 'notice' }, note)),
          facts([
            ['Description', version.description || pipeline.description],
            ['Created', absoluteTime(version.created_at)],
            ['Version', h('code', null, version.pipeline_version_id)],
          ]),
          h(
            'section',
            { class: 'section' },
            h('h3', null, 'Parameters'),
            parameters.length
              ? parameterTable(parameters.map((one) => ({ name: one.name, value: parameterText(one) })))
              : h('p', { class: 'muted' }, 'None'),
          ),
          h('p', { class: 'muted' }, 'Select a step in the graph to see what it runs.'),
        ];
  };
  const text = yamlText(documents);
  const panel = tabs(
    [
      { id: 'details', label: 'Details', render: overview },
      {
        id: 'spec',
        label: 'Specification',
        render: () =>
          h(
            'div',
            { class: 'spec' },
            h(
              'div',
              { class: 'log-bar' },
              h('span', { class: 'muted' }, `${text.split('\n').length} lines`),
              h('span', { class: 'spacer' }),
              copyButton(text, toasts),
            ),
            yamlView(documents),
          ),
      },
      { id: 'runs', label: 'Runs', render: (left) => pipelineRuns(context, pipeline, left) },
    ],
    {
      selected: query.get('tab') ?? 'details',
      label: 'Pipeline',
      onChange: (id) => setQuery({ tab: id === 'details' ? null : id }),
    },
  );
  const side = h('aside', { class: 'details', id: 'details', 'aria-label': 'Details', tabindex: '-1' }, panel.element);
  fill(body, splitPane('pipeline', stage.element, side, 'Size of the details'));
  return () => {
    graph.close();
    panel.close();
  };
}

const parameterText = ({ type, fallback }) =>
  type.toLowerCase().replace('number_', '') + (fallback === undefined ? '' : ` = ${value(fallback)}`);

/** KFP cannot filter runs by pipeline, so the latest of the namespace are sifted here. */
function pipelineRuns({ endpoints }, pipeline, signal) {
  return asyncRegion(async () => {
    const body = await endpoints.runs.list({ size: 100, signal });
    const rows = (body?.runs ?? []).filter((run) => run.pipeline_version_reference?.pipeline_id === pipeline.pipeline_id);
    return rows.length
      ? table({ columns: runColumns.map((column) => ({ ...column, sort: null })), rows, label: 'Runs' })
      : emptyState('No recent runs', 'Among the latest hundred runs none is of this pipeline.');
  }).element;
}

function stepFacts(node) {
  return [
    h('h3', null, label(node)),
    facts([
      ['Type', node.type],
      ['Task', node.task_name],
      ['Runs only if', node.condition ? h('code', null, node.condition) : null],
      ['Image', node.image ? h('code', null, node.image) : null],
    ]),
    node.command?.length
      ? h(
          'section',
          { class: 'section' },
          h('h3', null, 'Command'),
          h('pre', { class: 'command', tabindex: '0' }, node.command.join(' ')),
        )
      : null,
    isGroup(node) && !node.inputs ? null : [valuesBlock('Inputs', node.inputs), valuesBlock('Outputs', node.outputs)],
  ];
}
