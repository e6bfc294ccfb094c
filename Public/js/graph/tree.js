// The flat list of nodes from the server as a tree, and the choice of what is open.
import { stateName } from '../format.js';

const NEST = new Set(['DAG', 'Loop', 'Iteration', 'Retry']);
const OPEN_AT_FIRST = 60;
const LOOP_OPEN_UP_TO = 4;

export const isGroup = (node) => NEST.has(node.type);

/**
 * `{roots, byId, root}` of entries `{node, id, parent, children, depth, after}`. The root DAG itself is not
 * shown, its steps are; an exit handler beside it stands after all of them.
 */
export function buildTree(nodes) {
  const byId = new Map(
    nodes.map((node) => [node.id, { node, id: node.id, parent: null, children: [], depth: 0, after: node.depends_on ?? [] }]),
  );
  const tops = [];
  for (const entry of byId.values()) {
    const parent = entry.node.parent_id == null ? null : byId.get(entry.node.parent_id);
    if (parent && parent !== entry) {
      entry.parent = parent;
      parent.children.push(entry);
    } else tops.push(entry);
  }
  const root = tops[0] && isGroup(tops[0].node) && tops[0].children.length ? tops[0] : null;
  const roots = root ? [...root.children, ...tops.slice(1)] : tops;
  if (root) {
    const followed = new Set(root.children.flatMap((entry) => entry.after));
    const last = root.children.filter((entry) => !followed.has(entry.id)).map((entry) => entry.id);
    for (const entry of root.children) entry.parent = null;
    for (const entry of tops.slice(1)) if (!entry.after.length) entry.after = last;
  }
  const visit = (entry, depth) => {
    entry.depth = depth;
    if (entry.node.type === 'Loop') entry.children.sort((a, b) => (a.node.iteration ?? 0) - (b.node.iteration ?? 0));
    for (const child of entry.children) visit(child, depth + 1);
  };
  for (const entry of roots) visit(entry, 0);
  return { roots, byId, root };
}

/** The name on the node: an iteration is known by its number. */
export function label(node) {
  if (node.type === 'Iteration') return `Iteration ${node.iteration ?? node.display_name ?? ''}`.trim();
  return node.display_name || node.task_name || node.id;
}

/** Counts by state of the steps (leaves) under an entry. */
export function leafStates(entry, counts = new Map()) {
  if (!entry.children.length) {
    const name = stateName(entry.node.state);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const child of entry.children) leafStates(child, counts);
  return counts;
}

/** A group's own state, or where it has none yet the one its steps add up to. */
export function stateOf(entry) {
  const own = stateName(entry.node.state);
  if (own || !entry.children.length) return own;
  const counts = leafStates(entry);
  return (
    ['Failed', 'Running', 'Pending', 'Cancelled', 'Succeeded', 'Skipped', 'Omitted'].find((name) => counts.get(name)) ?? null
  );
}

/**
 * Which groups are open before the user chose: small ones while the picture stays small, from the outside in;
 * a loop with many iterations stays closed. `choices`: Map of id → open, the user's own.
 */
export function openGroups(tree, choices) {
  const open = new Set();
  let shown = tree.roots.length;
  let level = tree.roots;
  while (level.length) {
    const next = [];
    for (const entry of level) {
      if (!isGroup(entry.node) || !entry.children.length) continue;
      const small = entry.node.type === 'Loop' ? entry.children.length <= LOOP_OPEN_UP_TO : entry.depth < 3;
      if (choices.get(entry.id) ?? (small && shown + entry.children.length <= OPEN_AT_FIRST)) {
        open.add(entry.id);
        shown += entry.children.length;
        next.push(...entry.children);
      }
    }
    level = next;
  }
  return open;
}

/** Changes when nodes, edges or what is open change: only then is the graph laid out again. */
export function shapeOf(tree, open) {
  const parts = [];
  const visit = (entry) => {
    parts.push(entry.id, entry.after.join(','), open.has(entry.id) ? 'open' : '', String(entry.children.length));
    if (open.has(entry.id)) entry.children.forEach(visit);
  };
  tree.roots.forEach(visit);
  return parts.join('|');
}
