// Parameters, artifacts and metrics as small tables.
import { h } from '../dom.js';
import { typeName, value } from '../format.js';
import { icon } from '../icons.js';

const LONG = 240;

/** A value that may be long: cut, with the rest behind a disclosure. */
export function longValue(any) {
  const parsed =
    typeof any === 'string' ? any : any !== null && typeof any === 'object' ? JSON.stringify(any, null, 2) : value(any);
  if (parsed === '') return h('span', { class: 'muted' }, 'empty');
  if (parsed.length <= LONG) return h('span', { class: 'value' }, parsed);
  return h(
    'details',
    { class: 'long' },
    h('summary', null, h('span', { class: 'value' }, `${parsed.slice(0, 80)}…`)),
    h('pre', { tabindex: '0' }, parsed),
  );
}

/** `[{name, value}]` as rows. */
export function parameterTable(parameters, label = 'Parameters') {
  return h(
    'table',
    { class: 'pairs', 'aria-label': label },
    h(
      'tbody',
      null,
      parameters.map((row) => h('tr', null, h('th', { scope: 'row' }, row.name), h('td', null, longValue(row.value)))),
    ),
  );
}

/** `[{name, id, type}]` as links to the artifacts' pages. */
export function artifactTable(rows, label) {
  return h(
    'table',
    { class: 'pairs', 'aria-label': label },
    h(
      'tbody',
      null,
      rows.map((row) =>
        h(
          'tr',
          null,
          h('th', { scope: 'row' }, row.name),
          h('td', null, row.id == null ? '–' : h('a', { href: `/artifacts/${row.id}` }, typeName(row.type), ` #${row.id}`)),
        ),
      ),
    ),
  );
}

/** Inputs or outputs of a step: `{parameters, artifacts}`. */
export function valuesBlock(title, values) {
  const parameters = values?.parameters ?? [];
  const artifacts = values?.artifacts ?? [];
  return h(
    'section',
    { class: 'section' },
    h('h3', null, title),
    !parameters.length && !artifacts.length ? h('p', { class: 'muted' }, 'None') : null,
    parameters.length ? parameterTable(parameters, `${title}: parameters`) : null,
    artifacts.length ? artifactTable(artifacts, `${title}: artifacts`) : null,
  );
}

/** A small link that downloads an artifact's bytes. */
export function downloadLink(address, name, kind = 'small') {
  return h('a', { class: `button ${kind}`, href: address, download: name ?? true }, icon('download', 14), 'Download');
}
