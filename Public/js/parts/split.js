// Two panes with a divider that the pointer or the arrow keys move; the place is remembered.
import { h } from '../dom.js';
import { preferences } from '../state.js';

const LEAST = 300;
const STEP = 24;

export function splitPane(name, main, side, label) {
  const divider = h('div', {
    class: 'divider',
    role: 'separator',
    tabindex: '0',
    'aria-orientation': 'vertical',
    'aria-label': label,
  });
  const element = h(
    'div',
    { class: 'split' },
    h('div', { class: 'split-main' }, main),
    divider,
    h('div', { class: 'split-side' }, side),
  );
  let width = Number(preferences.read(`split.${name}`)) || 440;

  function apply(next) {
    const room = element.clientWidth || 1200;
    width = Math.round(Math.max(LEAST, Math.min(next, room - LEAST)));
    element.style.setProperty('--side', `${width}px`);
    divider.setAttribute('aria-valuenow', String(width));
  }
  const keep = () => preferences.write(`split.${name}`, String(width));

  divider.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    divider.setPointerCapture(event.pointerId);
  });
  divider.addEventListener('pointermove', (event) => {
    if (divider.hasPointerCapture(event.pointerId)) apply(element.getBoundingClientRect().right - event.clientX);
  });
  divider.addEventListener('pointerup', keep);
  divider.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: STEP, ArrowRight: -STEP }[event.key];
    if (!step) return;
    event.preventDefault();
    apply(width + step);
    keep();
  });
  apply(width);
  return element;
}
