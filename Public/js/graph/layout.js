// Layered drawing, second half: coordinates and edge paths of one flat graph.
import { assignLayers, makeRows, orderRows } from './layers.js';

const GAP_X = 26;
const GAP_Y = 44;
const PASSES = 13;

/** Top left corners by id, edge chains as point lists, and the size, for one flat graph. */
export function layoutFlat(nodes, edges) {
  if (!nodes.length) return { places: new Map(), edges: [], width: 0, height: 0 };
  if (!edges.length) return layoutGrid(nodes);
  const { rows, chains } = makeRows(nodes, edges, assignLayers(nodes, edges));
  orderRows(rows);
  placeX(rows);
  let y = 0;
  for (const row of rows) {
    const height = Math.max(...row.map((cell) => cell.height));
    for (const cell of row) {
      cell.y = y;
      cell.rowHeight = height;
    }
    y += height + GAP_Y;
  }
  const all = rows.flat();
  const left = Math.min(...all.map((cell) => cell.x - cell.width / 2));
  const right = Math.max(...all.map((cell) => cell.x + cell.width / 2));
  for (const cell of all) cell.x -= left;
  const places = new Map(all.filter((cell) => !cell.bend).map((cell) => [cell.id, { x: cell.x - cell.width / 2, y: cell.y }]));
  return {
    places,
    edges: chains.map((chain) => ({ from: chain.from, to: chain.to, points: pointsOf(chain.cells) })),
    width: right - left,
    height: y - GAP_Y,
  };
}

/** Nodes without edges (a loop's iterations) stand in a grid about as wide as high. */
export function layoutGrid(nodes) {
  const widest = Math.max(...nodes.map((node) => node.width));
  const tallest = Math.max(...nodes.map((node) => node.height));
  const fits = Math.sqrt((nodes.length * (tallest + GAP_X)) / (widest + GAP_X)) * 1.5;
  const columns = Math.min(nodes.length, Math.max(1, Math.round(nodes.length <= 4 ? nodes.length : fits)));
  const places = new Map();
  let y = 0;
  let width = 0;
  for (let start = 0; start < nodes.length; start += columns) {
    const row = nodes.slice(start, start + columns);
    row.forEach((node, index) => places.set(node.id, { x: index * (widest + GAP_X), y }));
    y += Math.max(...row.map((node) => node.height)) + GAP_X;
    width = Math.max(width, (row.length - 1) * (widest + GAP_X) + widest);
  }
  return { places, edges: [], width, height: y - GAP_X };
}

/** Centres: each row moves towards its neighbours' mean, keeping order and distance (least squares). */
function placeX(rows) {
  for (const row of rows) {
    let x = 0;
    for (const cell of row) {
      cell.x = x + cell.width / 2;
      x += cell.width + GAP_X;
    }
    for (const cell of row) cell.x -= (x - GAP_X) / 2;
  }
  for (let pass = 0; pass < PASSES; pass += 1) {
    const downwards = pass % 2 === 0;
    for (const row of downwards ? rows : [...rows].reverse()) {
      settle(row, (cell) => {
        const near = downwards ? cell.up : cell.down;
        const neighbours = near.length ? near : downwards ? cell.down : cell.up;
        return neighbours.length ? neighbours.reduce((sum, other) => sum + other.x, 0) / neighbours.length : cell.x;
      });
    }
  }
}

/** Pool-adjacent-violators: the closest positions to the wishes in which no two cells of the row overlap. */
function settle(row, wish) {
  const offsets = [];
  let offset = 0;
  row.forEach((cell, index) => {
    if (index) offset += (row[index - 1].width + cell.width) / 2 + (row[index - 1].bend || cell.bend ? GAP_X * 0.6 : GAP_X);
    offsets.push(offset);
  });
  const blocks = [];
  row.forEach((cell, index) => {
    // Bends weigh more, so that long edges run straight.
    const weight = cell.bend ? 4 : 1;
    let block = { sum: (wish(cell) - offsets[index]) * weight, weight, count: 1 };
    while (blocks.length && blocks[blocks.length - 1].sum / blocks[blocks.length - 1].weight >= block.sum / block.weight) {
      const last = blocks.pop();
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, count: last.count + block.count };
    }
    blocks.push(block);
  });
  let at = 0;
  for (const block of blocks) {
    for (let k = 0; k < block.count; k += 1, at += 1) row[at].x = block.sum / block.weight + offsets[at];
  }
}

/** From the bottom of the first cell through its bends to the top of the last. */
function pointsOf(cells) {
  const points = [];
  cells.forEach((cell, index) => {
    if (index === 0) points.push([cell.x, cell.y + cell.height], [cell.x, cell.y + cell.rowHeight]);
    else if (index === cells.length - 1) points.push([cell.x, cell.y]);
    else points.push([cell.x, cell.y], [cell.x, cell.y + cell.rowHeight]);
  });
  return points;
}

/** SVG path data: straight along rows, an S-curve between them. */
export function edgePath(points) {
  const [first, ...rest] = points;
  let d = `M${round(first[0])} ${round(first[1])}`;
  let [x, y] = first;
  for (const [nextX, nextY] of rest) {
    if (Math.abs(nextX - x) < 0.5) d += `L${round(nextX)} ${round(nextY)}`;
    else {
      const middle = (y + nextY) / 2;
      d += `C${round(x)} ${round(middle)} ${round(nextX)} ${round(middle)} ${round(nextX)} ${round(nextY)}`;
    }
    [x, y] = [nextX, nextY];
  }
  return d;
}

const round = (number) => Math.round(number * 10) / 10;
