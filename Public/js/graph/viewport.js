// Pan and zoom of the drawing: wheel, drag, pinch and keys. One transform on one group.

const SMALLEST = 0.12;
const LARGEST = 2;

/** `svg` shows `layer`. `size()` is the drawing's `{width, height}`. */
export function createViewport(svg, layer, size) {
  let view = { x: 0, y: 0, scale: 1 };
  let touched = false;
  const pointers = new Map();

  function apply(next) {
    view = next;
    layer.setAttribute('transform', `translate(${view.x.toFixed(1)} ${view.y.toFixed(1)}) scale(${view.scale.toFixed(4)})`);
  }
  const frame = () => svg.getBoundingClientRect();
  const clamp = (scale) => Math.min(LARGEST, Math.max(SMALLEST, scale));

  function zoomAt(x, y, factor) {
    const scale = clamp(view.scale * factor);
    const ratio = scale / view.scale;
    touched = true;
    apply({ scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio });
  }

  /** Everything in sight; at first never so small that names cannot be read. */
  function fit({ readable = false } = {}) {
    const { width, height } = frame();
    const drawing = size();
    if (!width || !drawing.width) return;
    const margin = 28;
    const whole = Math.min((width - 2 * margin) / drawing.width, (height - 2 * margin) / drawing.height, 1);
    const scale = clamp(readable ? Math.max(whole, 0.55) : whole);
    const shown = drawing.height * scale;
    apply({
      scale,
      x: (width - drawing.width * scale) / 2,
      y: shown + 2 * margin > height ? margin : Math.min((height - shown) / 2, 60),
    });
  }

  svg.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const box = frame();
      const lines = event.deltaMode === 1 ? 16 : 1;
      if (event.shiftKey) {
        touched = true;
        apply({ ...view, x: view.x - event.deltaY * lines });
        return;
      }
      zoomAt(
        event.clientX - box.left,
        event.clientY - box.top,
        Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) * 0.0022),
      );
    },
    { passive: false },
  );

  svg.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.target.closest('.toggle')) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, moved: 0 });
  });
  svg.addEventListener('pointermove', (event) => {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const dx = event.clientX - last.x;
    const dy = event.clientY - last.y;
    const moved = last.moved + Math.abs(dx) + Math.abs(dy);
    if (moved > 4 && !svg.hasPointerCapture(event.pointerId)) {
      svg.setPointerCapture(event.pointerId);
      svg.classList.add('dragging');
    }
    if (pointers.size === 2) pinch(event, dx, dy);
    else if (moved > 4) {
      touched = true;
      apply({ ...view, x: view.x + dx, y: view.y + dy });
    }
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, moved });
  });
  function pinch(event, dx, dy) {
    const other = [...pointers.entries()].find(([id]) => id !== event.pointerId)[1];
    const box = frame();
    const before = Math.hypot(event.clientX - dx - other.x, event.clientY - dy - other.y);
    const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
    if (before > 0) zoomAt((event.clientX + other.x) / 2 - box.left, (event.clientY + other.y) / 2 - box.top, after / before);
  }
  const release = (event) => {
    pointers.delete(event.pointerId);
    svg.classList.remove('dragging');
  };
  svg.addEventListener('pointerup', release);
  svg.addEventListener('pointercancel', release);

  return {
    fit,
    zoom: (factor) => {
      const { width, height } = frame();
      zoomAt(width / 2, height / 2, factor);
    },
    /** Until the user moves the picture it may be fitted again, when it grows or the window changes. */
    get untouched() {
      return !touched;
    },
    touch() {
      touched = true;
    },
    reset() {
      touched = false;
      fit();
    },
    /** Moves the picture so that what stood at `before` on the drawing now stands there as `after`. */
    follow(before, after) {
      apply({ ...view, x: view.x + (before.x - after.x) * view.scale, y: view.y + (before.y - after.y) * view.scale });
    },
    /** Scrolls just as far as needed for the box to be in sight; false while the picture itself is not shown. */
    reveal({ x, y, width, height }) {
      const box = frame();
      if (!box.width) return false;
      const margin = 20;
      const shift = (start, length, room) =>
        start < margin
          ? margin - start
          : start + length > room - margin
            ? Math.max(room - margin - start - length, margin - start)
            : 0;
      const dx = shift(view.x + x * view.scale, width * view.scale, box.width);
      const dy = shift(view.y + y * view.scale, Math.min(height, 60) * view.scale, box.height);
      if (dx || dy) {
        touched = true;
        apply({ ...view, x: view.x + dx, y: view.y + dy });
      }
      return true;
    },
  };
}
