// What an artifact's metadata tells: numbers, confusion matrix, ROC curve.
import { h, s } from '../dom.js';
import { value } from '../format.js';
import { parameterTable } from './values.js';

const CLASSIFICATION = ['confidenceMetrics', 'confusionMatrix'];

/** An artifact's plain numbers and texts, without the structures that get a drawing of their own. */
export function plainMetadata(artifact) {
  return Object.entries(artifact.metadata ?? {})
    .filter(([name]) => !CLASSIFICATION.includes(name) && !['display_name', 'store_session_info'].includes(name))
    .map(([name, content]) => ({ name, value: content }));
}

/** Metrics of one artifact: table, confusion matrix and ROC curve, as far as it has them; null without any. */
export function metricsBlock(artifact) {
  const rows = plainMetadata(artifact);
  const matrix = artifact.metadata?.confusionMatrix;
  const curve = artifact.metadata?.confidenceMetrics;
  const parts = [
    rows.length ? parameterTable(rows, `Metadata of ${artifact.name}`) : null,
    matrix ? confusionMatrix(matrix.struct ?? matrix) : null,
    curve ? rocCurve(curve.list ?? curve) : null,
  ].filter(Boolean);
  return parts.length ? parts : null;
}

/** Metrics of several artifacts, one a row: `[{head: node, artifact}]`. */
export function metricsTable(rows) {
  const names = [...new Set(rows.flatMap(({ artifact }) => plainMetadata(artifact).map((row) => row.name)))];
  return h(
    'div',
    { class: 'table-wrap' },
    h(
      'table',
      { 'aria-label': 'Metrics' },
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'Step'),
          names.map((name) => h('th', { scope: 'col', class: 'right' }, name)),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map(({ head, artifact }) =>
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, head),
            names.map((name) => h('td', { class: 'right number' }, value(artifact.metadata?.[name]))),
          ),
        ),
      ),
    ),
  );
}

function confusionMatrix(matrix) {
  const names = (matrix.annotationSpecs ?? []).map((spec) => spec.displayName);
  const rows = (matrix.rows ?? []).map((row) => row.row ?? row);
  const largest = Math.max(1, ...rows.flat().map(Number));
  return h(
    'figure',
    { class: 'matrix' },
    h('figcaption', null, 'Confusion matrix (rows: true class, columns: predicted)'),
    h(
      'table',
      null,
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('td', null),
          names.map((name) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map((row, index) =>
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, names[index] ?? index),
            row.map((count) =>
              h(
                'td',
                {
                  class: 'number',
                  style: { '--share': String(Number(count) / largest) },
                  data: { strong: Number(count) > largest * 0.55 ? 'yes' : null },
                },
                count,
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

function rocCurve(points) {
  const sorted = points
    .filter((point) => Number.isFinite(Number(point.falsePositiveRate)))
    .sort((a, b) => a.falsePositiveRate - b.falsePositiveRate || a.recall - b.recall);
  if (sorted.length < 2) return null;
  const area = sorted
    .slice(1)
    .reduce(
      (sum, point, index) =>
        sum + ((point.falsePositiveRate - sorted[index].falsePositiveRate) * (point.recall + sorted[index].recall)) / 2,
      0,
    );
  const line = sorted
    .map(
      (point, index) =>
        `${index ? 'L' : 'M'}${(point.falsePositiveRate * 200).toFixed(1)} ${(200 - point.recall * 200).toFixed(1)}`,
    )
    .join('');
  return h('figure', { class: 'roc' }, h('figcaption', null, `ROC curve, area ${area.toFixed(3)}`), curveImage(line));
}

function curveImage(line) {
  return s(
    'svg',
    {
      viewBox: '-4 -4 208 208',
      width: 220,
      height: 220,
      role: 'img',
      'aria-label': 'ROC curve: recall over false positive rate',
    },
    s('rect', { width: 200, height: 200, class: 'plot-frame' }),
    s('path', { d: 'M0 200L200 0', class: 'plot-guide' }),
    s('path', { d: line, class: 'plot-line' }),
  );
}
