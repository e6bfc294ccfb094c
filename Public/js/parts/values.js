// Parameters, artifacts and metrics as small tables.
import { h, s } from '../dom.js';
import { typeName, value } from '../format.js';
import { icon } from '../icons.js';

const LONG = 240;

/** A value that may be long: cut, with the rest behind a disclosure. */
export function longValue(any) {
  const parsed = typeof any === 'string' ? any : any !== null && typeof any === 'object' ? JSON.stringify(any, null, 2) : value(any);
  if (parsed === '') return h('span', { class: 'muted' }, 'empty');
  if (parsed.length <= LONG) return h('span', { class: 'value' }, parsed);
  return h('details', { class: 'long' }, h('summary', null, h('span', { class: 'value' }, `${parsed.slice(0, 80)}…`)), h('pre', { tabindex: '0' }, parsed));
}

/** `[{name, value}]` as rows. */
export function parameterTable(parameters, label = 'Parameters') {
  return h('table', { class: 'pairs', 'aria-label': label }, h('tbody', null,
    parameters.map((row) => h('tr', null, h('th', { scope: 'row' }, row.name), h('td', null, longValue(row.value))))));
}

/** `[{name, id, type}]` as links to the artifacts' pages. */
export function artifactTable(rows, label) {
  return h('table', { class: 'pairs', 'aria-label': label }, h('tbody', null, rows.map((row) => h('tr', null,
    h('th', { scope: 'row' }, row.name),
    h('td', null, row.id == null ? '–' : h('a', { href: `/artifacts/${row.id}` }, typeName(row.type), ` #${row.id}`))))));
}

/** Inputs or outputs of a step: `{parameters, artifacts}`. */
export function valuesBlock(title, values) {
  const parameters = values?.parameters ?? [];
  const artifacts = values?.artifacts ?? [];
  return h('section', { class: 'section' }, h('h3', null, title),
    !parameters.length && !artifacts.length ? h('p', { class: 'muted' }, 'None') : null,
    parameters.length ? parameterTable(parameters, `${title}: parameters`) : null,
    artifacts.length ? artifactTable(artifacts, `${title}: artifacts`) : null);
}

const CLASSIFICATION = ['confidenceMetrics', 'confusionMatrix'];

/** An artifact's plain numbers and texts, without the structures that get a drawing of their own. */
export function plainMetadata(artifact) {
  return Object.entries(artifact.metadata ?? {}).filter(([name]) => !CLASSIFICATION.includes(name) && !['display_name', 'store_session_info'].includes(name))
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

function confusionMatrix(matrix) {
  const names = (matrix.annotationSpecs ?? []).map((spec) => spec.displayName);
  const rows = (matrix.rows ?? []).map((row) => row.row ?? row);
  const largest = Math.max(1, ...rows.flat().map(Number));
  return h('figure', { class: 'matrix' }, h('figcaption', null, 'Confusion matrix (rows: true class, columns: predicted)'),
    h('table', null,
      h('thead', null, h('tr', null, h('td', null), names.map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', null, rows.map((row, index) => h('tr', null, h('th', { scope: 'row' }, names[index] ?? index),
        row.map((count) => h('td', { class: 'number', style: { '--share': String(Number(count) / largest) }, data: { strong: Number(count) > largest * 0.55 ? 'yes' : null } }, count)))))));
}

function rocCurve(points) {
  const sorted = points.filter((point) => Number.isFinite(Number(point.falsePositiveRate))).sort((a, b) => a.falsePositiveRate - b.falsePositiveRate || a.recall - b.recall);
  if (sorted.length < 2) return null;
  const area = sorted.slice(1).reduce((sum, point, index) => sum + (point.falsePositiveRate - sorted[index].falsePositiveRate) * (point.recall + sorted[index].recall) / 2, 0);
  const line = sorted.map((point, index) => `${index ? 'L' : 'M'}${(point.falsePositiveRate * 200).toFixed(1)} ${(200 - point.recall * 200).toFixed(1)}`).join('');
  return h('figure', { class: 'roc' }, h('figcaption', null, `ROC curve, area ${area.toFixed(3)}`), curveImage(line));
}

function curveImage(line) {
  return s('svg', { viewBox: '-4 -4 208 208', width: 220, height: 220, role: 'img', 'aria-label': 'ROC curve: recall over false positive rate' },
    s('rect', { width: 200, height: 200, class: 'plot-frame' }), s('path', { d: 'M0 200L200 0', class: 'plot-guide' }), s('path', { d: line, class: 'plot-line' }));
}

/** A small link that downloads an artifact's bytes. */
export function downloadLink(address, name, label = 'Download') {
  return h('a', { class: 'button small', href: address, download: name ?? true }, icon('download', 14), label);
}
