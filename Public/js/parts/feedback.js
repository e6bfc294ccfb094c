// What a list or page shows while it has nothing to show: loading, empty, failed.
import { fill, h } from '../dom.js';
import { isAbort } from '../api.js';
import { icon } from '../icons.js';

/** Grey rows of about the size of what will come, so nothing jumps. */
export function loadingState(rows = 5, label = 'Loading') {
  return h(
    'div',
    { class: 'loading', role: 'status', 'aria-label': label },
    Array.from({ length: rows }, () => h('div', { class: 'skeleton' })),
  );
}

export function emptyState(title, text, action = null) {
  return h('div', { class: 'empty' }, icon('inbox', 28), h('h2', null, title), text ? h('p', null, text) : null, action);
}

/** For what the caller's role does not let it see or do: nothing has failed, and trying again would not help. */
export function forbiddenState(title, text = 'An owner of the namespace or an administrator can give you a role.') {
  return h('div', { class: 'empty forbidden' }, icon('shield', 28), h('h2', null, title), h('p', null, text));
}

export function errorState(error, retry) {
  if (error.status === 403) return forbiddenState(error.message, error.hint ?? undefined);
  return h(
    'div',
    { class: 'empty failed', role: 'alert' },
    icon('warning', 28),
    h('h2', null, error.message ?? String(error)),
    error.hint ? h('p', null, error.hint) : null,
    retry ? h('button', { type: 'button', class: 'button', onClick: retry }, icon('refresh'), 'Try again') : null,
  );
}

/** Runs `change`, then gives the focus back to the link or `data-focus` control that stands for the one that had it. */
export function keepFocus(element, change) {
  const active = element.contains(document.activeElement) ? document.activeElement : null;
  const selector = active?.dataset.focus
    ? `[data-focus="${CSS.escape(active.dataset.focus)}"]`
    : active?.getAttribute('href')
      ? `a[href="${CSS.escape(active.getAttribute('href'))}"]`
      : null;
  change();
  if (selector) element.querySelector(selector)?.focus({ preventScroll: true });
}

/**
 * A region filled by `load({quiet})` (answers a node, or null to keep what is shown). `{element, refresh}`: refresh keeps what is shown until the
 * new content is there; a failing refresh of shown content keeps it and is thrown to the caller's poll loop.
 */
export function asyncRegion(load, { rows = 5, props = null } = {}) {
  const element = h('div', { class: 'region', ...props }, loadingState(rows));
  let shown = false;
  let newest = 0;
  async function refresh({ quiet = false } = {}) {
    newest += 1;
    const mine = newest;
    if (!quiet) element.setAttribute('aria-busy', 'true');
    try {
      const node = await load({ quiet: quiet && shown });
      if (mine !== newest) return;
      if (node) keepFocus(element, () => fill(element, node));
      shown = true;
    } catch (error) {
      if (isAbort(error) || mine !== newest) return;
      if (!(quiet && shown)) {
        fill(
          element,
          errorState(error, () => {
            fill(element, loadingState(rows));
            refresh();
          }),
        );
        shown = false;
      }
      if (quiet) throw error;
    } finally {
      if (mine === newest) element.removeAttribute('aria-busy');
    }
  }
  refresh();
  return { element, refresh };
}
