// Short notices in the corner: confirmations fade, failures stay long enough to be read.
import { h } from '../dom.js';
import { icon } from '../icons.js';

const AT_MOST = 4;

export function createToasts(region) {
  function add(kind, message, hint, milliseconds) {
    const close = () => {
      clearTimeout(timer);
      toast.remove();
    };
    const toast = h(
      'div',
      { class: `toast toast-${kind}`, role: kind === 'failure' ? 'alert' : 'status' },
      icon(kind === 'failure' ? 'warning' : 'Succeeded'),
      h('div', { class: 'toast-text' }, h('p', null, message), hint ? h('p', { class: 'hint' }, hint) : null),
      h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', onClick: () => close() }, icon('close', 14)),
    );
    let timer = setTimeout(close, milliseconds);
    toast.addEventListener('pointerenter', () => clearTimeout(timer));
    toast.addEventListener('pointerleave', () => {
      timer = setTimeout(close, 3000);
    });
    region.append(toast);
    while (region.childElementCount > AT_MOST) region.firstElementChild.remove();
  }
  return {
    success: (message) => add('success', message, null, 5000),
    failure: (error) => add('failure', error.message ?? String(error), error.hint, 14000),
  };
}
