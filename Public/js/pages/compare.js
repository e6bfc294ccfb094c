// Runs side by side: state, duration, parameters and metrics; rows that differ stand out.
import { h } from '../dom.js';
import { duration, elapsed, value } from '../format.js';
import { badge, pageHeader, time } from '../parts/basics.js';
import { emptyState } from '../parts/feedback.js';
import { plainMetadata } from '../parts/metrics.js';

const MOST = 10;

export default async function comparePage({ endpoints, query, signal, title }) {
  title('Compare runs');
  const ids = (query.get('runs') ?? '').split(',').filter(Boolean).slice(0, MOST);
  const head = pageHeader({ crumbs: [['Runs', '/runs']], title: 'Compare runs' });
  if (ids.length < 2)
    return h(
      'div',
      { class: 'page' },
      head,
      emptyState(
        'Nothing to compare',
        'Select two or more runs in the list.',
        h('a', { class: 'button', href: '/runs' }, 'Go to runs'),
      ),
    );
  const runs = await Promise.all(ids.map((id) => readRun(endpoints, id, signal)));

  const parameters = namesOf(runs.map((run) => run.parameters));
  const metrics = namesOf(runs.map((run) => run.metrics));
  return h(
    'div',
    { class: 'page' },
    head,
    h(
      'div',
      { class: 'table-wrap' },
      h(
        'table',
        { class: 'compare', 'aria-label': 'Comparison' },
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'col' }, 'Run'),
            runs.map(({ run }) => h('th', { scope: 'col' }, h('a', { href: `/runs/${run.run_id}` }, run.display_name))),
          ),
        ),
        h(
          'tbody',
          null,
          plainRow(
            'State',
            runs.map(({ run }) => badge(run.state)),
          ),
          plainRow(
            'Started',
            runs.map(({ run }) => time(run.created_at)),
          ),
          plainRow(
            'Duration',
            runs.map(({ run }) => duration(elapsed(run.created_at, run.finished_at))),
          ),
          group('Metrics', runs.length),
          metrics.length
            ? metrics.map((name) =>
                valueRow(
                  name,
                  runs.map((run) => run.metrics.get(name)),
                ),
              )
            : nothing(runs.length),
          group('Parameters', runs.length),
          parameters.length
            ? parameters.map((name) =>
                valueRow(
                  name,
                  runs.map((run) => run.parameters.get(name)),
                ),
              )
            : nothing(runs.length),
        ),
      ),
    ),
  );
}

async function readRun(endpoints, id, signal) {
  const [run, body] = await Promise.all([endpoints.runs.get(id, { signal }), endpoints.runs.graph(id, { signal })]);
  const metrics = new Map();
  const written = body.nodes.flatMap((node) =>
    (node.outputs?.artifacts ?? []).filter((one) => one.id != null && /Metrics$/.test(one.type ?? '')).map((one) => [node, one]),
  );
  const seen = new Set();
  for (const [node, one] of written) {
    // A group hands its steps' outputs on: the same artifact is counted once, at its step.
    if (seen.has(one.id) || ['DAG', 'Loop', 'Iteration', 'Retry'].includes(node.type)) continue;
    seen.add(one.id);
    const artifact = await endpoints.artifacts.get(one.id, { signal });
    const place = node.iteration === undefined ? node.task_name : `${node.task_name}[${node.iteration}]`;
    for (const row of plainMetadata(artifact)) metrics.set(`${place} · ${row.name}`, row.value);
  }
  return { run, metrics, parameters: new Map(Object.entries(run.runtime_config?.parameters ?? {})) };
}

const namesOf = (maps) => [...new Set(maps.flatMap((map) => [...map.keys()]))].sort();
const plainRow = (name, cells) =>
  h(
    'tr',
    null,
    h('th', { scope: 'row' }, name),
    cells.map((cell) => h('td', null, cell)),
  );
const group = (name, count) => h('tr', { class: 'group' }, h('th', { scope: 'rowgroup', colspan: count + 1 }, name));
const nothing = (count) => h('tr', null, h('td', { class: 'muted', colspan: count + 1 }, 'None'));

/** The largest number of a row is marked with a bar's full width: quick to compare, without judging what is better. */
function valueRow(name, values) {
  const numbers = values.map(Number).filter(Number.isFinite);
  const largest = Math.max(...numbers.map(Math.abs), 0);
  const differs = new Set(values.map((one) => JSON.stringify(one))).size > 1;
  return h(
    'tr',
    { class: differs ? 'differs' : null },
    h('th', { scope: 'row' }, name),
    values.map((one) =>
      h(
        'td',
        { class: 'number' },
        value(one),
        differs && typeof one === 'number' && largest > 0
          ? h('span', { class: 'meter', style: { '--share': String(Math.abs(one) / largest) } })
          : null,
      ),
    ),
  );
}
