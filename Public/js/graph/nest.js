// Nesting: an open group's own drawing becomes a box in its parent's, and many parallel steps between the
// same neighbours become one bundle, so that a fan-out of a hundred is a grid and not a hundred edges.
import { layoutFlat, layoutGrid } from './layout.js';
import { isGroup } from './tree.js';

export const NODE = { width: 220, height: 50 };
export const HEAD = 38;
const PAD = 16;
const BUNDLE_FROM = 13;
const BUNDLE_HEAD = 26;

/**
 * The whole picture in absolute coordinates: `boxes` `{entry, x, y, width, height, open}` in reading order, outer before inner;
 * `bundles` `{count, x, y, width, height}`; `edges` `{to: [ids], points}`. Only what is open is laid out.
 */
export function layoutTree(roots, open) {
  const measured = measure(roots, open);
  const picture = { boxes: [], bundles: [], edges: [], width: measured.flat.width, height: measured.flat.height };
  emit(measured, 0, 0, picture);
  return picture;
}

function measure(entries, open) {
  const inner = new Map();
  const sizes = new Map(
    entries.map((entry) => {
      if (!isGroup(entry.node) || !open.has(entry.id)) return [entry.id, NODE];
      const child = measure(entry.children, open);
      inner.set(entry.id, child);
      return [
        entry.id,
        { width: Math.max(NODE.width + 40, child.flat.width + 2 * PAD), height: child.flat.height + HEAD + 2 * PAD },
      ];
    }),
  );
  const links = linksOf(entries);
  const bundles = bundlesOf(entries, links, sizes);
  const standsFor = new Map(bundles.flatMap((bundle) => bundle.entries.map((entry) => [entry.id, bundle.id])));
  const name = (id) => standsFor.get(id) ?? id;

  const cells = new Map(entries.map((entry) => [name(entry.id), { id: name(entry.id), ...sizes.get(entry.id) }]));
  for (const bundle of bundles)
    cells.set(bundle.id, { id: bundle.id, width: bundle.grid.width + 2 * PAD, height: bundle.grid.height + PAD + BUNDLE_HEAD });
  const edges = new Map(links.map(([from, to]) => [`${name(from)} ${name(to)}`, [name(from), name(to)]]));
  return { entries, sizes, inner, bundles, standsFor, cells, flat: layoutFlat([...cells.values()], [...edges.values()]) };
}

/** Edges between siblings, each once. */
function linksOf(entries) {
  const known = new Set(entries.map((entry) => entry.id));
  return entries.flatMap((entry) =>
    [...new Set(entry.after)].filter((id) => known.has(id) && id !== entry.id).map((id) => [id, entry.id]),
  );
}

/** Closed boxes with the same neighbours above and below, where there are many of them. */
function bundlesOf(entries, links, sizes) {
  if (entries.length < BUNDLE_FROM || !links.length) return [];
  const above = new Map(entries.map((entry) => [entry.id, []]));
  const below = new Map(entries.map((entry) => [entry.id, []]));
  for (const [from, to] of links) {
    above.get(to).push(from);
    below.get(from).push(to);
  }
  const families = new Map();
  for (const entry of entries) {
    const key = `${above.get(entry.id).sort().join(',')}|${below.get(entry.id).sort().join(',')}`;
    if (key === '|' || sizes.get(entry.id) !== NODE) continue;
    families.set(key, [...(families.get(key) ?? []), entry]);
  }
  return [...families.values()]
    .filter((members) => members.length >= BUNDLE_FROM)
    .map((members) => ({
      id: `bundle of ${members[0].id}`,
      entries: members,
      grid: layoutGrid(members.map((entry) => ({ id: entry.id, ...NODE }))),
    }));
}

function emit(measured, x, y, picture) {
  const { flat, bundles, standsFor } = measured;
  const members = new Map(bundles.map((bundle) => [bundle.id, bundle.entries.map((entry) => entry.id)]));
  for (const edge of flat.edges)
    picture.edges.push({ to: members.get(edge.to) ?? [edge.to], points: edge.points.map(([px, py]) => [px + x, py + y]) });
  const corners = new Map();
  for (const bundle of bundles) {
    const place = flat.places.get(bundle.id);
    const { width, height } = measured.cells.get(bundle.id);
    picture.bundles.push({ count: bundle.entries.length, x: x + place.x, y: y + place.y, width, height });
    for (const [id, inside] of bundle.grid.places)
      corners.set(id, { x: place.x + PAD + inside.x, y: place.y + BUNDLE_HEAD + inside.y });
  }
  const placeOf = (entry) => (standsFor.has(entry.id) ? corners.get(entry.id) : flat.places.get(entry.id));
  for (const entry of [...measured.entries].sort((a, b) => placeOf(a).y - placeOf(b).y || placeOf(a).x - placeOf(b).x)) {
    const { width, height } = measured.sizes.get(entry.id);
    const place = placeOf(entry);
    const child = measured.inner.get(entry.id);
    picture.boxes.push({ entry, x: x + place.x, y: y + place.y, width, height, open: Boolean(child) });
    if (child) emit(child, x + place.x + (width - child.flat.width) / 2, y + place.y + HEAD + PAD, picture);
  }
}
