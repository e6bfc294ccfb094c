// Small pieces that many pages share.
import { fill, h } from '../dom.js';
import { absoluteTime, duration, elapsed, isActive, relativeTime, stateName } from '../format.js';
import { icon } from '../icons.js';

/** A state in colour, with its icon and its word. */
export function badge(state) {
  const name = stateName(state) ?? 'Unknown';
  return h('span', { class: 'badge', data: { state: name } }, icon(name, 14), name);
}

/** Breadcrumbs (`[label, href]`), title and the page's actions. */
export function pageHeader({ crumbs = [], title, aside = null, actions = null }) {
  return h(
    'header',
    { class: 'page-header' },
    h(
      'div',
      { class: 'page-heading' },
      crumbs.length
        ? h(
            'nav',
            { class: 'crumbs', 'aria-label': 'Breadcrumb' },
            crumbs.map(([label, href]) => [h('a', { href }, label), h('span', { 'aria-hidden': 'true' }, '/')]),
          )
        : null,
      h('div', { class: 'page-title' }, h('h1', null, title), aside),
    ),
    h('div', { class: 'page-actions' }, actions),
  );
}

/** A `<time>` that reads "3 min ago" and tells the exact time on hover. */
export function time(text) {
  return h('time', { datetime: text || null, title: absoluteTime(text), class: 'nowrap' }, relativeTime(text));
}

/** How long something took, or takes by now. */
export function took(started, finished, state) {
  const text = duration(elapsed(started, finished));
  return h('span', { class: 'number nowrap', data: { since: isActive(state) && started ? started : null } }, text);
}

/** Keeps every shown relative time and running duration true; called once a second. */
export function tick(root = document) {
  for (const element of root.querySelectorAll('[data-since]'))
    element.textContent = duration(elapsed(element.dataset.since, null));
  for (const element of root.querySelectorAll('time[datetime]')) {
    const text = relativeTime(element.getAttribute('datetime'));
    if (element.textContent !== text) element.textContent = text;
  }
}

/** Name/value rows; rows without a value are left out. */
export function facts(rows) {
  const shown = rows.filter(([, content]) => content !== null && content !== undefined && content !== '');
  return h(
    'dl',
    { class: 'facts' },
    shown.map(([name, content]) => [h('dt', null, name), h('dd', null, content)]),
  );
}

export function section(title, ...children) {
  return h('section', { class: 'section' }, h('h2', null, title), ...children);
}

export function button(label, { icon: name = null, kind = '', title = null, onClick, type = 'button', disabled = false } = {}) {
  return h('button', { type, class: `button ${kind}`, title, disabled, onClick }, name ? icon(name) : null, label);
}

/** A small button in a table's row; `name` tells readers of the screen which row is meant. */
export function rowButton(label, name, onClick) {
  return h('button', { type: 'button', class: 'button small', 'aria-label': name, onClick }, label);
}

export function copyButton(text, toasts) {
  return h(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      title: 'Copy',
      'aria-label': 'Copy',
      async onClick() {
        try {
          await navigator.clipboard.writeText(text);
          toasts.success('Copied.');
        } catch {
          toasts.failure({ message: 'The browser did not allow copying.' });
        }
      },
    },
    icon('copy', 14),
  );
}

/** A block of code with a copy button. */
export function codeBlock(text, toasts) {
  return h('div', { class: 'code-block' }, h('pre', { tabindex: '0' }, text), copyButton(text, toasts));
}

let nextTabs = 0;

/**
 * Tabs after the WAI-ARIA pattern. `tabs`: `[{id, label, render() → node}]`; a panel is drawn when it is
 * first chosen and again on each `redraw()`. `leave` of a panel is its `AbortController`'s abort.
 */
export function tabs(entries, { selected, onChange = () => {}, label }) {
  nextTabs += 1;
  const prefix = `tabs-${nextTabs}`;
  const panel = h('div', { class: 'tab-panel', role: 'tabpanel', id: `${prefix}-panel`, tabindex: '0' });
  let current = entries.some((entry) => entry.id === selected) ? selected : entries[0].id;
  let controller = new AbortController();
  const buttons = entries.map((entry) =>
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `${prefix}-${entry.id}`,
        'aria-controls': panel.id,
        class: 'tab',
        onClick: () => choose(entry.id),
      },
      entry.label,
    ),
  );

  function choose(id) {
    current = id;
    draw();
    onChange(id);
  }
  function draw() {
    controller.abort();
    controller = new AbortController();
    entries.forEach((entry, index) => {
      buttons[index].setAttribute('aria-selected', String(entry.id === current));
      buttons[index].tabIndex = entry.id === current ? 0 : -1;
    });
    panel.setAttribute('aria-labelledby', `${prefix}-${current}`);
    fill(panel, entries.find((entry) => entry.id === current).render(controller.signal));
  }
  function onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = (entries.findIndex((entry) => entry.id === current) + step + entries.length) % entries.length;
    choose(entries[index].id);
    buttons[index].focus();
  }
  const element = h(
    'div',
    { class: 'tabs' },
    h('div', { class: 'tab-list', role: 'tablist', 'aria-label': label, onKeydown: onKey }, buttons),
    panel,
  );
  draw();
  return {
    element,
    redraw: draw,
    get current() {
      return current;
    },
    close: () => controller.abort(),
  };
}
