// An 8×8 pad for models that take 64 numbers, as scikit-learn's digits do: grey values from 0 to 16.
import { h } from '../dom.js';

const SIDE = 8;
const FULL = 16;
const SOFT = 7;

/** `onChange(values)` after each stroke; `set(values)` shows values typed elsewhere. */
export function pixelPad(onChange) {
  const values = new Array(SIDE * SIDE).fill(0);
  let painting = null;
  const cells = values.map((_, index) =>
    h('button', {
      type: 'button',
      class: 'pixel',
      role: 'gridcell',
      tabindex: index ? '-1' : '0',
      'data-index': index,
      'aria-label': `Row ${Math.floor(index / SIDE) + 1}, column ${(index % SIDE) + 1}`,
    }),
  );
  const show = (index) => {
    cells[index].style.setProperty('--strength', String(values[index] / FULL));
    cells[index].setAttribute('aria-pressed', String(values[index] > 0));
  };
  const put = (index, value) => {
    values[index] = Math.max(0, Math.min(FULL, value));
    show(index);
  };

  /** Full ink on the cell, softer on its neighbours: close to how the scanned digits look. */
  function paint(index, erase) {
    if (erase) return put(index, 0);
    put(index, FULL);
    const [row, column] = [Math.floor(index / SIDE), index % SIDE];
    for (const [dr, dc] of [
      [0, 1],
      [0, -1],
      [1, 0],
      [-1, 0],
    ]) {
      const [r, c] = [row + dr, column + dc];
      if (r >= 0 && r < SIDE && c >= 0 && c < SIDE) put(r * SIDE + c, Math.max(values[r * SIDE + c], SOFT));
    }
  }

  /** By place, not by element: a stroke that runs along the gap between two cells still paints. */
  const indexAt = (event) => {
    const box = grid.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * SIDE);
    const row = Math.floor(((event.clientY - box.top) / box.height) * SIDE);
    return row >= 0 && row < SIDE && column >= 0 && column < SIDE ? row * SIDE + column : null;
  };
  const grid = h(
    'div',
    {
      class: 'pixel-pad',
      role: 'grid',
      'aria-label': 'Pixels, 8 by 8. Draw with the pointer, or move with arrow keys and press space.',
      onPointerdown(event) {
        const index = indexAt(event);
        if (index === null) return;
        event.preventDefault();
        grid.setPointerCapture(event.pointerId);
        painting = { erase: event.button === 2 || values[index] === FULL };
        paint(index, painting.erase);
      },
      onPointermove(event) {
        const index = painting ? indexAt(event) : null;
        if (index !== null) paint(index, painting.erase);
      },
      onPointerup() {
        if (painting) {
          painting = null;
          onChange([...values]);
        }
      },
      onContextmenu: (event) => event.preventDefault(),
      onKeydown(event) {
        const index = Number(event.target.dataset.index);
        const step = { ArrowUp: -SIDE, ArrowDown: SIDE, ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step !== undefined && cells[index + step]) {
          event.preventDefault();
          cells[index].tabIndex = -1;
          cells[index + step].tabIndex = 0;
          cells[index + step].focus();
        } else if (event.key === ' ' || event.key === 'Enter') {
          event.preventDefault();
          put(index, values[index] ? 0 : FULL);
          onChange([...values]);
        }
      },
    },
    Array.from({ length: SIDE }, (_, row) =>
      h('div', { role: 'row', class: 'pixel-row' }, cells.slice(row * SIDE, (row + 1) * SIDE)),
    ),
  );
  for (const index of cells.keys()) show(index);

  return {
    element: grid,
    set(next) {
      next.slice(0, values.length).forEach((value, index) => put(index, Number(value) || 0));
    },
    clear() {
      for (const index of cells.keys()) put(index, 0);
      onChange([...values]);
    },
  };
}
