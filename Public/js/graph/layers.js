// Layered drawing, first half: which row each node stands in and in which order (Sugiyama's method).
// Pure functions on `{id, width, height}` nodes and `[from, to]` edges.

const SWEEPS = 10;

/** Rows by longest path from the sources; a cycle (which a definition cannot have) is cut where it closes. */
export function assignLayers(nodes, edges) {
  const after = new Map(nodes.map((node) => [node.id, []]));
  const waiting = new Map(nodes.map((node) => [node.id, 0]));
  for (const [from, to] of edges) {
    after.get(from).push(to);
    waiting.set(to, waiting.get(to) + 1);
  }
  const layer = new Map(nodes.map((node) => [node.id, 0]));
  const sources = nodes.filter((node) => waiting.get(node.id) === 0).map((node) => node.id);
  const ready = [...sources];
  const done = new Set();
  while (done.size < nodes.length) {
    const id = ready.shift() ?? nodes.find((node) => !done.has(node.id)).id;
    if (done.has(id)) continue;
    done.add(id);
    for (const next of after.get(id)) {
      if (done.has(next)) continue;
      layer.set(next, Math.max(layer.get(next), layer.get(id) + 1));
      waiting.set(next, waiting.get(next) - 1);
      if (waiting.get(next) === 0) ready.push(next);
    }
  }
  // A source that only feeds a late step stands just above it, so that its edge is short.
  for (const id of sources) {
    const below = after.get(id).map((next) => layer.get(next));
    if (below.length) layer.set(id, Math.max(0, Math.min(...below) - 1));
  }
  return layer;
}

/**
 * Rows of cells; an edge over several rows gets an invisible cell (`bend`) in each row between.
 */
export function makeRows(nodes, edges, layer) {
  // A cut cycle may leave a layer empty: rows are numbered without gaps.
  const used = [...new Set(layer.values())].sort((a, b) => a - b);
  const row = new Map(nodes.map((node) => [node.id, used.indexOf(layer.get(node.id))]));
  const rows = used.map(() => []);
  const cells = new Map();
  for (const node of nodes) {
    const cell = { id: node.id, width: node.width, height: node.height, bend: false, up: [], down: [] };
    cells.set(node.id, cell);
    rows[row.get(node.id)].push(cell);
  }
  const chains = [];
  for (const [from, to] of edges) {
    const start = cells.get(from);
    const end = cells.get(to);
    if (row.get(to) <= row.get(from)) {
      chains.push({ from, to, cells: [start, end] });
      continue;
    }
    const chain = [start];
    for (let index = row.get(from) + 1; index < row.get(to); index += 1) {
      const bend = { id: `${from}→${to}@${index}`, width: 12, height: 0, bend: true, up: [], down: [] };
      rows[index].push(bend);
      chain.push(bend);
    }
    chain.push(end);
    for (let index = 1; index < chain.length; index += 1) {
      chain[index - 1].down.push(chain[index]);
      chain[index].up.push(chain[index - 1]);
    }
    chains.push({ from, to, cells: chain });
  }
  return { rows, chains };
}

/** Reorders each row in place by the barycentre of its neighbours, down and up; keeps the best seen. */
export function orderRows(rows) {
  const index = () =>
    rows.forEach((row) =>
      row.forEach((cell, position) => {
        cell.position = position;
      }),
    );
  index();
  let best = rows.map((row) => [...row]);
  let fewest = crossings(rows);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    const downwards = sweep % 2 === 0;
    const order = downwards ? rows.keys() : [...rows.keys()].reverse();
    for (const at of order) {
      for (const cell of rows[at]) {
        const neighbours = downwards ? cell.up : cell.down;
        cell.weight = neighbours.length
          ? neighbours.reduce((sum, other) => sum + other.position, 0) / neighbours.length
          : cell.position;
      }
      rows[at].sort((a, b) => a.weight - b.weight || a.position - b.position);
      rows[at].forEach((cell, position) => {
        cell.position = position;
      });
    }
    const now = crossings(rows);
    if (now < fewest) {
      fewest = now;
      best = rows.map((row) => [...row]);
    }
  }
  best.forEach((row, at) => {
    rows[at] = row;
  });
  index();
}

/** Crossing pairs between neighbouring rows: inversions of the edges' lower ends, counted in a Fenwick tree. */
function crossings(rows) {
  let total = 0;
  for (let at = 0; at + 1 < rows.length; at += 1) {
    const size = rows[at + 1].length;
    const sums = new Array(size + 1).fill(0);
    let seen = 0;
    for (const cell of rows[at]) {
      const ends = cell.down.map((other) => other.position).sort((a, b) => a - b);
      for (const end of ends) {
        let below = 0;
        for (let k = end + 1; k > 0; k -= k & -k) below += sums[k];
        total += seen - below;
      }
      for (const end of ends) {
        for (let k = end + 1; k <= size; k += k & -k) sums[k] += 1;
        seen += 1;
      }
    }
  }
  return total;
}
