// The run as an indented table with a timeline: the graph's content for reading line by line.
import { h } from '../dom.js';
import { duration, elapsed, parseTime } from '../format.js';
import { buildTree, label, stateOf } from '../graph/tree.js';
import { badge } from '../parts/basics.js';

const MOST = 1000;

export function stepsTable(nodes, selected, onSelect) {
  const tree = buildTree(nodes);
  const rows = [];
  const visit = (entry) => {
    rows.push(entry);
    [...entry.children].sort(byStart).forEach(visit);
  };
  [...tree.roots].sort(byStart).forEach(visit);
  const times = rows.map((entry) => parseTime(entry.node.started_at)).filter((time) => time !== null);
  const first = Math.min(...times);
  const last = Math.max(
    first + 1,
    ...rows.map((entry) => parseTime(entry.node.finished_at) ?? (entry.node.started_at ? Date.now() : 0)),
  );

  return h(
    'div',
    { class: 'steps table-wrap', tabindex: '0', role: 'region', 'aria-label': 'Steps' },
    h(
      'table',
      { 'aria-label': 'Steps' },
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          ['Step', 'State', 'Duration', 'Timeline'].map((text) => h('th', { scope: 'col' }, text)),
        ),
      ),
      h(
        'tbody',
        null,
        rows
          .slice(0, MOST)
          .map((entry) =>
            h(
              'tr',
              { class: entry.id === selected ? 'row-selected' : null },
              h(
                'td',
                { style: { 'padding-inline-start': `${12 + entry.depth * 18}px` } },
                h(
                  'button',
                  { type: 'button', class: 'link-button', data: { focus: entry.id }, onClick: () => onSelect(entry.id) },
                  label(entry.node),
                ),
              ),
              h('td', null, badge(stateOf(entry))),
              h('td', { class: 'right number nowrap' }, duration(elapsed(entry.node.started_at, entry.node.finished_at))),
              h('td', { class: 'timeline' }, span(entry, first, last)),
            ),
          ),
      ),
    ),
    rows.length > MOST ? h('p', { class: 'muted' }, `The first ${MOST} of ${rows.length} steps.`) : null,
  );
}

function span(entry, first, last) {
  const start = parseTime(entry.node.started_at);
  if (start === null) return null;
  const end = parseTime(entry.node.finished_at) ?? Date.now();
  const share = (time) => ((time - first) / (last - first)) * 98;
  return h('span', {
    class: 'span',
    data: { state: stateOf(entry) ?? 'Unknown' },
    style: { left: `${share(start).toFixed(2)}%`, width: `${Math.max(0.6, share(end) - share(start)).toFixed(2)}%` },
  });
}

/** Steps that have not started stand last, in the order that the server gave. */
function byStart(a, b) {
  const [first, second] = [a, b].map((entry) => parseTime(entry.node.started_at) ?? Number.MAX_SAFE_INTEGER);
  return first - second || (a.node.iteration ?? 0) - (b.node.iteration ?? 0);
}
