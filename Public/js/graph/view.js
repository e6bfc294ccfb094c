// The graph as a control: draws the tree, keeps viewport, selection and open groups over updates.
import { h, s } from '../dom.js';
import { isActive } from '../format.js';
import { icon } from '../icons.js';
import { drawBox, drawBundle } from './draw.js';
import { moveFocus } from './keys.js';
import { edgePath } from './layout.js';
import { layoutTree } from './nest.js';
import { buildTree, isGroup, openGroups, shapeOf, stateOf } from './tree.js';
import { createViewport } from './viewport.js';

/** `onSelect(id | null)`; `onOpen(id)` when Enter asks for the details. `{element, update(nodes), select(id), close()}`. */
export function createGraph({ label, onSelect, onOpen }) {
  const choices = new Map();
  let tree = { roots: [], byId: new Map() };
  let drawn = new Map();
  let edgeElements = [];
  let shape = null;
  let selected = null;
  // A step to scroll to as soon as the drawing has a place on the page.
  let toReveal = null;
  let size = { width: 0, height: 0 };

  const layer = s('g', { class: 'graph-layer' });
  const svg = s('svg', { class: 'graph-canvas', role: 'group', 'aria-label': label, 'aria-describedby': 'graph-help' }, layer);
  const viewport = createViewport(svg, layer, () => size);
  const tool = (name, text, onClick) =>
    h('button', { type: 'button', class: 'icon-button', title: text, 'aria-label': text, onClick }, icon(name));
  const element = h(
    'div',
    { class: 'graph' },
    h('a', { class: 'skip-link skip-graph', href: '#details' }, 'Skip the graph'),
    h(
      'p',
      { class: 'visually-hidden', id: 'graph-help' },
      'Arrow keys move between steps. Enter shows details. Space opens or closes a group. Plus, minus and zero zoom.',
    ),
    svg,
    h(
      'div',
      { class: 'graph-tools', role: 'toolbar', 'aria-label': 'Graph view' },
      tool('plus', 'Zoom in', () => viewport.zoom(1.25)),
      tool('minus', 'Zoom out', () => viewport.zoom(0.8)),
      tool('fit', 'Fit', () => viewport.reset()),
      tool('expand', 'Expand all', () => chooseAll(true)),
      tool('collapse', 'Collapse all', () => chooseAll(false)),
    ),
  );

  function update(nodes) {
    tree = buildTree(nodes);
    const open = openGroups(tree, choices);
    const next = shapeOf(tree, open);
    if (next === shape) {
      refresh();
      return;
    }
    shape = next;
    draw(open);
  }

  function draw(open) {
    const focused = svg.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const picture = layoutTree(tree.roots, open);
    size = { width: picture.width, height: picture.height };
    drawn = new Map();
    const boxes = picture.boxes.map((box) => {
      const one = drawBox(box);
      drawn.set(box.entry.id, one);
      return one.element;
    });
    edgeElements = picture.edges.map((edge) => ({ edge, element: drawEdge(edge) }));
    // Boxes stand in reading order, which is the order of Tab; frames are see-through, so edges may lie below.
    layer.replaceChildren(...picture.bundles.map(drawBundle), ...edgeElements.map((one) => one.element), ...boxes);
    refresh();
    if (viewport.untouched) viewport.fit({ readable: true });
    if (focused) drawn.get(focused)?.element.focus({ preventScroll: true });
  }

  function drawEdge({ points }) {
    const [x, y] = points[points.length - 1];
    return s(
      'g',
      { class: 'edge' },
      s('path', { class: 'edge-line', d: edgePath(points) }),
      s('path', { class: 'edge-head', d: `M${x - 4} ${y - 7}L${x} ${y}L${x + 4} ${y - 7}Z` }),
    );
  }

  function refresh() {
    for (const [id, one] of drawn) {
      const entry = tree.byId.get(id);
      if (!entry) continue;
      one.refresh(entry);
      one.element.classList.toggle('node-selected', id === selected);
      if (id === selected) one.element.setAttribute('aria-current', 'true');
      else one.element.removeAttribute('aria-current');
    }
    for (const { edge, element: line } of edgeElements) {
      const ends = edge.to
        .map((id) => tree.byId.get(id))
        .filter(Boolean)
        .map(stateOf);
      line.dataset.flow = ends.includes('Running')
        ? 'now'
        : ends.every((state) => state === 'Skipped' || state === 'Omitted')
          ? 'none'
          : 'plain';
    }
  }

  function toggle(id) {
    const entry = tree.byId.get(id);
    if (!entry || !isGroup(entry.node) || !entry.children.length) return;
    const open = openGroups(tree, choices);
    const before = drawn.get(id)?.box;
    choices.set(id, !open.has(id));
    const next = openGroups(tree, choices);
    shape = shapeOf(tree, next);
    viewport.touch();
    draw(next);
    const after = drawn.get(id)?.box;
    if (before && after) viewport.follow(before, after);
  }

  function chooseAll(open) {
    for (const entry of tree.byId.values()) if (isGroup(entry.node)) choices.set(entry.id, open);
    const next = openGroups(tree, choices);
    shape = shapeOf(tree, next);
    draw(next);
    viewport.reset();
  }

  /** Opens the groups that hide a step; true when the picture had to be drawn again. */
  function openTo(id) {
    const entry = tree.byId.get(id);
    if (!entry || drawn.has(id) || entry === tree.root) return false;
    for (let parent = entry.parent; parent; parent = parent.parent) choices.set(parent.id, true);
    const next = openGroups(tree, choices);
    shape = shapeOf(tree, next);
    draw(next);
    return true;
  }

  function select(id, { reveal = false } = {}) {
    selected = id;
    if (!openTo(id)) refresh();
    if (reveal && drawn.has(id) && !viewport.reveal(drawn.get(id).box)) toReveal = id;
  }

  function choose(id) {
    select(id);
    onSelect(id);
  }

  svg.addEventListener('click', (event) => {
    const arrow = event.target.closest('.toggle');
    if (arrow) return toggle(arrow.dataset.toggle);
    choose(event.target.closest('.node')?.dataset.id ?? null);
  });
  svg.addEventListener('dblclick', (event) => {
    const id = event.target.closest('.node')?.dataset.id;
    if (id && !event.target.closest('.toggle')) toggle(id);
  });
  svg.addEventListener('keydown', (event) => {
    const id = event.target.closest?.('.node')?.dataset.id;
    const act = {
      Enter: () => {
        choose(id);
        onOpen(id);
      },
      ' ': () => (drawn.get(id).box.entry.children.length ? toggle(id) : choose(id)),
      '+': () => viewport.zoom(1.25),
      '=': () => viewport.zoom(1.25),
      '-': () => viewport.zoom(0.8),
      0: () => viewport.reset(),
      ArrowUp: () => move(id, 0, -1),
      ArrowDown: () => move(id, 0, 1),
      ArrowLeft: () => move(id, -1, 0),
      ArrowRight: () => move(id, 1, 0),
    }[event.key];
    if (!id || !act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  svg.addEventListener('focusin', (event) => {
    const one = drawn.get(event.target.closest('.node')?.dataset.id);
    if (one && event.target.matches(':focus-visible')) viewport.reveal(one.box);
  });

  function move(id, dx, dy) {
    const next = moveFocus(
      [...drawn.values()].map((one) => one.box),
      id,
      dx,
      dy,
    );
    if (next) drawn.get(next).element.focus({ preventScroll: true });
  }

  const watcher = new ResizeObserver(() => {
    if (viewport.untouched) viewport.fit({ readable: true });
    if (toReveal && drawn.has(toReveal) && viewport.reveal(drawn.get(toReveal).box)) toReveal = null;
  });
  watcher.observe(svg);
  const clock = setInterval(() => {
    if (!document.hidden && [...tree.byId.values()].some((entry) => isActive(stateOf(entry)))) refresh();
  }, 1000);

  return {
    element,
    update,
    select,
    toggle,
    focus: (id) => drawn.get(id)?.element.focus(),
    close() {
      watcher.disconnect();
      clearInterval(clock);
    },
  };
}
