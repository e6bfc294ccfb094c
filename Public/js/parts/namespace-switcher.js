// The namespace in the top bar: a button that opens a searchable list of the namespaces one has a role in.
import { fill, h } from '../dom.js';
import { icon } from '../icons.js';
import { roleIn } from '../roles.js';

const AT_MOST = 200;

/**
 * `session()` and `current()` are read at each drawing; `onChoose(name)`, `onCreate()` (administrators). `{element, update()}`.
 * The list follows the combobox pattern: the focus stays in the search box, the arrows move the marked row.
 */
export function namespaceSwitcher({ session, current, onChoose, onCreate }) {
  let rows = [];
  let marked = 0;
  const name = h('span', { class: 'switcher-name' });
  const role = h('span', { class: 'chip switcher-role' });
  const button = h(
    'button',
    {
      type: 'button',
      class: 'switcher-button',
      'aria-haspopup': 'dialog',
      'aria-expanded': 'false',
      'aria-controls': 'namespace-menu',
      onClick: () => toggle(),
    },
    h('span', { class: 'namespace-label' }, 'Namespace'),
    name,
    role,
    icon('down', 12),
  );
  const list = h('ul', { class: 'switcher-list', role: 'listbox', id: 'namespace-list', 'aria-label': 'Namespaces' });
  const input = h('input', {
    type: 'search',
    placeholder: 'Find a namespace',
    'aria-label': 'Find a namespace',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'namespace-list',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    spellcheck: 'false',
    onInput: () => draw(0),
    onKeydown: onKey,
  });
  const foot = h('div', { class: 'switcher-foot' });
  const panel = h(
    'div',
    { class: 'menu switcher-menu', id: 'namespace-menu', role: 'dialog', 'aria-label': 'Choose a namespace', hidden: true },
    h('span', { class: 'search' }, icon('search', 14), input),
    list,
    foot,
  );
  const element = h('div', { class: 'namespace' }, button, panel);

  function draw(mark) {
    const text = input.value.trim().toLowerCase();
    const all = (session()?.namespaces ?? []).filter((one) => one.name.includes(text));
    rows = all.slice(0, AT_MOST);
    marked = Math.min(Math.max(mark, 0), rows.length - 1);
    fill(
      list,
      rows.map((one, index) =>
        h(
          'li',
          {
            role: 'option',
            id: `namespace-option-${index}`,
            class: index === marked ? 'marked' : null,
            'aria-selected': String(one.name === current()),
            onClick: () => choose(one.name),
          },
          h('span', { class: 'switcher-check' }, one.name === current() ? icon('Ready', 12) : null),
          h('span', { class: 'switcher-option' }, one.name),
          h('span', { class: 'muted' }, one.role ?? ''),
        ),
      ),
      rows.length ? null : h('li', { class: 'muted switcher-none' }, text ? 'No namespace has this name' : 'No role in any namespace'),
      all.length > rows.length ? h('li', { class: 'muted switcher-none' }, `${all.length - rows.length} more: type a part of the name`) : null,
    );
    if (rows.length) input.setAttribute('aria-activedescendant', `namespace-option-${marked}`);
    else input.removeAttribute('aria-activedescendant');
    list.children[marked]?.scrollIntoView?.({ block: 'nearest' });
  }

  function onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) draw(marked + step);
    else if (event.key === 'Enter' && rows[marked]) choose(rows[marked].name);
    else return;
    event.preventDefault();
  }

  function choose(chosen) {
    toggle(false);
    button.focus();
    if (chosen !== current()) onChoose(chosen);
  }

  function toggle(open = panel.hidden) {
    panel.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    if (!open) return;
    input.value = '';
    draw((session()?.namespaces ?? []).findIndex((one) => one.name === current()));
    const close = () => toggle(false);
    fill(
      foot,
      h('a', { class: 'menu-item', href: '/namespaces', onClick: close }, 'All namespaces'),
      session()?.is_admin
        ? h(
            'button',
            {
              type: 'button',
              class: 'menu-item',
              onClick() {
                close();
                onCreate();
              },
            },
            'New namespace',
          )
        : null,
    );
    input.focus();
  }

  function update() {
    name.textContent = current() ?? '–';
    const mine = roleIn(session(), current());
    role.textContent = mine ?? 'no role';
    role.hidden = mine === 'owner';
    button.setAttribute('aria-label', `Namespace ${current()}${mine ? `, ${mine}` : ''}: change`);
  }

  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || panel.hidden) return;
    toggle(false);
    button.focus();
  });
  element.addEventListener('focusout', (event) => {
    if (!panel.hidden && event.relatedTarget && !element.contains(event.relatedTarget)) toggle(false);
  });
  document.addEventListener('pointerdown', (event) => {
    if (!panel.hidden && !element.contains(event.target)) toggle(false);
  });
  update();
  return { element, update };
}
