// One box of the graph as SVG: a step, a closed group, or an open group's frame.
import { s } from '../dom.js';
import { duration, elapsed, isActive, plural } from '../format.js';
import { statePaths } from '../icons.js';
import { HEAD } from './nest.js';
import { isGroup, label, leafStates, stateOf } from './tree.js';

const measure = document.createElement('canvas').getContext('2d');
const family = () => getComputedStyle(document.body).fontFamily;
let font = null;

function textWidth(text, style) {
  font ??= family();
  measure.font = `${style} ${font}`;
  return measure.measureText(text).width;
}

/** Text cut to the pixels it has, with an ellipsis. */
export function shorten(text, width, style) {
  if (textWidth(text, style) <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (textWidth(`${text.slice(0, middle)}…`, style) <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low).trimEnd()}…`;
}

/** The second line: what it is doing, for how long, how many steps it holds. */
export function subline(entry) {
  const { node } = entry;
  const state = stateOf(entry);
  const words = [];
  if (state) words.push(state);
  if (node.reused_from) words.push('reused');
  const time = state && node.started_at ? duration(elapsed(node.started_at, node.finished_at)) : null;
  if (time && !entry.children.length) words.push(time);
  if (entry.children.length) {
    const counts = leafStates(entry);
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const done = ['Succeeded', 'Skipped', 'Omitted'].reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
    if (node.type === 'Loop') words.push(state ? plural(entry.children.length, 'iteration') : 'for each item');
    else if (node.type === 'Retry') words.push(plural(entry.children.length, 'attempt'));
    else words.push(state && isActive(state) ? `${done} of ${total} steps` : plural(total, 'step'));
    if (counts.get('Failed')) words.push(`${counts.get('Failed')} failed`);
    if (time) words.push(time);
  } else if (!state) {
    words.push(node.type === 'Importer' ? 'Importer' : node.image || (isGroup(node) ? 'empty' : 'Step'));
  }
  return words.join(' · ');
}

function frameLine(entry) {
  const failed = leafStates(entry).get('Failed');
  const time = entry.node.started_at ? duration(elapsed(entry.node.started_at, entry.node.finished_at)) : null;
  return [stateOf(entry), failed ? `${failed} failed` : null, time].filter(Boolean).join(' · ');
}

/** What a reader of the screen hears. */
export function spoken(entry, open) {
  const kind = { DAG: 'group', Loop: 'loop', Iteration: 'group', Retry: 'retried group', Importer: 'importer' }[entry.node.type] ?? 'step';
  return [
    label(entry.node),
    kind,
    subline(entry),
    entry.node.condition ? 'conditional' : '',
    isGroup(entry.node) && entry.children.length ? (open ? 'expanded' : 'collapsed') : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** The `<g>` of a box; `refresh(entry)` renews state and texts without drawing it again. */
export function drawBox(box) {
  const { entry, width, height, open } = box;
  const group = isGroup(entry.node) && entry.children.length > 0;
  const room = width - 44 - (group ? 30 : 10);
  const badge = s('g', { class: 'node-badge', transform: open ? 'translate(19 19)' : 'translate(22 25)' });
  const title = s('title', null);
  const sub = s('text', {
    class: 'node-sub',
    x: open ? width - 12 : 42,
    y: open ? 23 : 38,
    'text-anchor': open ? 'end' : 'start',
  });
  const name = s('text', { class: 'node-name', x: open ? 66 : 42, y: open ? 23.5 : 21 });
  const element = s(
    'g',
    {
      class: `node ${group ? 'node-group' : ''} ${open ? 'node-open' : ''}`,
      transform: `translate(${box.x} ${box.y})`,
      role: 'button',
      tabindex: '0',
      'data-id': entry.id,
      'aria-expanded': group ? String(open) : null,
    },
    title,
    group && !open ? s('rect', { class: 'node-stack', x: 5, y: 5, width, height, rx: 9 }) : null,
    s('rect', { class: 'node-card', width, height, rx: open ? 12 : 9 }),
    badge,
    name,
    sub,
    entry.node.condition && !open
      ? s(
          'g',
          { class: 'node-if', transform: `translate(${width - 27} -8)` },
          s('rect', { width: 20, height: 15, rx: 7.5 }),
          s('text', { x: 10, y: 11, 'text-anchor': 'middle' }, 'if'),
        )
      : null,
    group
      ? s(
          'g',
          {
            class: 'toggle',
            transform: open ? 'translate(36 0)' : `translate(${width - 32} ${(height - 28) / 2})`,
            'data-toggle': entry.id,
          },
          s('rect', { width: 28, height: open ? HEAD : 28, rx: 6, class: 'toggle-area' }),
          s('path', { d: open ? 'M9 16.5l5 5 5-5' : 'M11 9l5 5-5 5', class: 'toggle-arrow' }),
        )
      : null,
  );

  let shown = null;
  let written = null;
  function refresh(current) {
    const state = stateOf(current) ?? 'None';
    if (state !== shown) {
      element.dataset.state = state;
      badge.replaceChildren(
        s('circle', { r: 11, class: 'node-dot' }),
        s(
          'g',
          { class: 'node-icon', transform: 'translate(-8 -8)' },
          (state === 'None' ? (KIND_PATHS[current.node.type] ?? KIND_PATHS.Container) : statePaths(state)).map((d) =>
            s('path', { d }),
          ),
        ),
      );
      shown = state;
    }
    const text = subline(current);
    if (text === written) return;
    written = text;
    if (open) {
      // What the frame holds can be seen; its line tells the state, and the time where there is room.
      const room = width - 66 - 24;
      name.textContent = shorten(label(current.node), room - 70, '600 13px');
      const left = room - textWidth(name.textContent, '600 13px');
      const lines = stateOf(current) ? [frameLine(current), stateOf(current)] : [text];
      sub.textContent = lines.find((line) => textWidth(line, '11px') <= left) ?? '';
    } else {
      sub.textContent = shorten(text, room, '11px');
      name.textContent = shorten(label(current.node), room, '600 13px');
    }
    title.textContent = `${label(current.node)}\n${text}`;
    element.setAttribute('aria-label', spoken(current, open));
  }
  refresh(entry);
  return { element, refresh, box };
}

/** The frame of a bundle: no control of its own, its steps are. */
export function drawBundle({ count, x, y, width, height }) {
  return s(
    'g',
    { class: 'bundle', transform: `translate(${x} ${y})` },
    s('rect', { width, height, rx: 12 }),
    s('text', { x: 16, y: 17 }, plural(count, 'parallel step')),
  );
}

const KIND_PATHS = {
  Container: ['M3.5 4.5 6.5 8l-3 3.5M8 11.5h4.5'],
  Importer: ['M8 3v7M5 7.2 8 10.2l3-3M3.5 13h9'],
  DAG: ['M3 3h4v3H3zM9 10h4v3H9zM5 6v5.5h4'],
  Loop: ['M12.5 6a5 5 0 0 0-9-.5M3.5 10a5 5 0 0 0 9 .5M12.8 3v3h-3M3.2 13v-3h3'],
  Retry: ['M12.5 6a5 5 0 0 0-9-.5M12.8 3v3h-3M3.5 10a5 5 0 0 0 9 .5'],
  Iteration: ['M12.5 6a5 5 0 0 0-9-.5M3.5 10a5 5 0 0 0 9 .5M12.8 3v3h-3M3.2 13v-3h3'],
};
