// JSON values as YAML text, for reading a pipeline's specification. Written, never parsed.
import { h } from '../dom.js';

const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./+ -]*$/;
const WORDS = /^(true|false|null|yes|no|on|off|y|n|~)$/i;

function scalar(any) {
  if (any === null || any === undefined) return 'null';
  if (typeof any !== 'string') return JSON.stringify(any);
  return PLAIN.test(any) && !WORDS.test(any) && any === any.trim() ? any : JSON.stringify(any);
}

/** Lines of `{indent, key, text}`; `key` includes its colon or dash. */
function lines(any, indent, out) {
  const items = Array.isArray(any)
    ? any.map((item) => ['-', item])
    : Object.entries(any).map(([key, item]) => [`${scalar(key)}:`, item]);
  for (const [key, item] of items) {
    if (item !== null && typeof item === 'object') {
      const empty = Array.isArray(item) ? '[]' : '{}';
      if (!Object.keys(item).length) {
        out.push({ indent, key, text: empty });
        continue;
      }
      if (key === '-') {
        const start = out.length;
        lines(item, indent + 1, out);
        out[start] = { ...out[start], indent, key: `- ${out[start].key}` };
      } else {
        out.push({ indent, key, text: '' });
        lines(item, indent + 1, out);
      }
    } else if (typeof item === 'string' && item.includes('\n')) {
      out.push({ indent, key, text: item.endsWith('\n') ? '|' : '|-' });
      for (const line of item.replace(/\n$/, '').split('\n')) out.push({ indent: indent + 1, key: '', text: line });
    } else out.push({ indent, key, text: scalar(item) });
  }
  return out;
}

export function yamlLines(documents) {
  return documents.flatMap((document, index) => [
    ...(index ? [{ indent: 0, key: '---', text: '' }] : []),
    ...lines(document, 0, []),
  ]);
}

export function yamlText(documents) {
  return yamlLines(documents)
    .map((line) => `${'  '.repeat(line.indent)}${line.key}${line.key && line.text ? ' ' : ''}${line.text}`)
    .join('\n');
}

/** The same as a `<pre>` with keys set apart. */
export function yamlView(documents) {
  return h(
    'pre',
    { class: 'yaml', tabindex: '0', 'aria-label': 'Specification' },
    yamlLines(documents).map((line) => [
      '  '.repeat(line.indent),
      line.key ? h('span', { class: 'yaml-key' }, line.key) : null,
      line.key && line.text ? ' ' : '',
      line.text,
      '\n',
    ]),
  );
}
