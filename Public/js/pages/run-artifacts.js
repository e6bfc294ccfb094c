// Artifacts and metrics on a run's page.
import { h } from '../dom.js';
import { typeName } from '../format.js';
import { isGroup, label } from '../graph/tree.js';
import { asyncRegion, emptyState } from '../parts/feedback.js';
import { metricsBlock, metricsTable, plainMetadata } from '../parts/metrics.js';
import { downloadLink } from '../parts/values.js';

const METRICS_READ = 50;
const ARTIFACTS_READ = 100;

/** The numbers of all metrics artifacts of the run. */
export function runMetrics({ endpoints, signal, onSelect }, nodes) {
  const metrics = nodes
    .filter((node) => !isGroup(node))
    .flatMap((node) =>
      (node.outputs?.artifacts ?? [])
        .filter((one) => one.id != null && /Metrics$/.test(one.type ?? ''))
        .map((one) => ({ node, ...one })),
    );
  if (!metrics.length) return h('p', { class: 'muted' }, 'None');
  return asyncRegion(
    async () => {
      const found = await Promise.all(
        metrics.slice(0, METRICS_READ).map((one) => endpoints.artifacts.get(one.id, { signal }).catch(() => null)),
      );
      const rows = found.flatMap((artifact, index) =>
        artifact ? [{ head: stepLink(metrics[index].node, onSelect), artifact }] : [],
      );
      const plain = rows.filter(
        ({ artifact }) => plainMetadata(artifact).length && artifact.type !== 'system.ClassificationMetrics',
      );
      const rich = rows.filter((row) => !plain.includes(row));
      const blocks = (plain.length > 1 ? rich : rows).map(({ head, artifact }) =>
        h(
          'div',
          { class: 'metrics' },
          h('h4', null, head, ` · ${artifact.name}`),
          metricsBlock(artifact) ?? h('p', { class: 'muted' }, 'No values'),
        ),
      );
      return [plain.length > 1 ? metricsTable(plain) : null, blocks];
    },
    { rows: 2 },
  ).element;
}

function stepLink(node, onSelect) {
  const number = node.iteration === undefined ? '' : ` [${node.iteration}]`;
  return h('button', { type: 'button', class: 'link-button', onClick: () => onSelect(node.id) }, label(node) + number);
}

/** Cards of the artifacts that one step wrote, or with `node` null all steps. */
export function artifactList({ endpoints, signal }, nodes, node) {
  const rows = (node ? [node] : nodes.filter((one) => !isGroup(one))).flatMap((one) =>
    (one.outputs?.artifacts ?? []).filter((artifact) => artifact.id != null).map((artifact) => ({ ...artifact, step: one })),
  );
  if (!rows.length) return emptyState('No artifacts', node ? 'This step has written none.' : 'No step has written one yet.');
  return asyncRegion(
    async () => {
      const found = await Promise.all(
        rows.slice(0, ARTIFACTS_READ).map((row) => endpoints.artifacts.get(row.id, { signal }).catch(() => row)),
      );
      return h(
        'ul',
        { class: 'artifact-cards' },
        found.map((artifact, index) =>
          h(
            'li',
            { class: 'artifact-card' },
            h(
              'div',
              { class: 'artifact-head' },
              h('a', { href: `/artifacts/${artifact.id}` }, rows[index].name),
              h('span', { class: 'chip' }, typeName(artifact.type)),
              h('span', { class: 'spacer' }),
              artifact.digest ? downloadLink(endpoints.artifacts.contentAddress(artifact.id), artifact.name) : null,
            ),
            node ? null : h('p', { class: 'muted' }, 'from ', label(rows[index].step)),
            metricsBlock(artifact),
          ),
        ),
      );
    },
    { rows: 3 },
  ).element;
}
