// The frame round every page: top bar with namespace and user menu, navigation, content.
import { fill, h } from './dom.js';
import { icon, logo } from './icons.js';
import { currentTheme, setTheme } from './state.js';

const AREAS = [
  ['/', 'Home', 'home'],
  ['/pipelines', 'Pipelines', 'pipelines'],
  ['/experiments', 'Experiments', 'experiments'],
  ['/runs', 'Runs', 'runs'],
  ['/models', 'Models', 'models'],
  ['/artifacts', 'Artifacts', 'artifacts'],
];
const BELONGS_TO = { '/compare': '/runs', '/new-run': '/runs' };

/** `{element, show(node), mark(path)}`. */
export function createShell({ session, namespace, onNamespace, onSignOut }) {
  const content = h('main', { id: 'content', class: 'content', tabindex: '-1' });
  const areas = session.is_admin ? [...AREAS, ['/access', 'Access', 'access']] : AREAS;
  const links = areas.map(([href, label, name]) =>
    h('a', { href, class: 'nav-link', title: label }, icon(name), h('span', { class: 'nav-label' }, label)),
  );

  const element = h(
    'div',
    { class: 'shell' },
    h(
      'header',
      { class: 'topbar' },
      h(
        'a',
        { class: 'brand', href: '/', 'aria-label': 'Monoflow, overview' },
        logo(),
        h('span', { class: 'brand-name' }, 'Monoflow'),
      ),
      namespaceSelect(session, namespace, onNamespace),
      h('span', { class: 'spacer' }),
      userMenu(session, onSignOut),
    ),
    h('nav', { class: 'sidebar', 'aria-label': 'Main' }, links),
    content,
  );

  return {
    element,
    show(node) {
      fill(content, node);
      content.scrollTop = 0;
      // A reader of the screen hears the new page; a click in the navigation keeps its place otherwise.
      if (document.activeElement === document.body) content.focus({ preventScroll: true });
    },
    mark(path) {
      const area = `/${path.split('/')[1]}`;
      const current = BELONGS_TO[area] ?? area;
      for (const link of links) {
        if (link.getAttribute('href') === current) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      }
    },
  };
}

function namespaceSelect(session, namespace, onNamespace) {
  const rows = session.namespaces?.length ? session.namespaces : [{ name: session.home_namespace ?? 'default' }];
  return h(
    'label',
    { class: 'namespace' },
    h('span', { class: 'namespace-label' }, 'Namespace'),
    h(
      'select',
      { 'aria-label': 'Namespace', onChange: (event) => onNamespace(event.target.value) },
      rows.map(({ name, role }) =>
        h('option', { value: name, selected: name === namespace.get() }, role && role !== 'owner' ? `${name} (${role})` : name),
      ),
    ),
  );
}

function userMenu(session, onSignOut) {
  const button = h(
    'button',
    { type: 'button', class: 'user-button', 'aria-expanded': 'false', 'aria-controls': 'user-menu', onClick: () => toggle() },
    icon('user'),
    h('span', null, session.user ?? 'user'),
    icon('down', 12),
  );
  const theme = (name, label) =>
    h(
      'label',
      { class: 'choice' },
      h('input', { type: 'radio', name: 'theme', value: name, checked: currentTheme() === name, onChange: () => setTheme(name) }),
      h('span', null, label),
    );
  const panel = h(
    'div',
    { class: 'menu', id: 'user-menu', hidden: true },
    h('p', { class: 'menu-title' }, session.is_admin ? `${session.user} · administrator` : session.user),
    h(
      'fieldset',
      { class: 'segmented' },
      h('legend', null, 'Theme'),
      theme('system', 'System'),
      theme('light', 'Light'),
      theme('dark', 'Dark'),
    ),
    h('button', { type: 'button', class: 'menu-item', onClick: onSignOut }, 'Sign out'),
  );
  const wrap = h('div', { class: 'user-menu' }, button, panel);

  function toggle(open = panel.hidden) {
    panel.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    if (open) panel.querySelector('input:checked')?.focus();
  }
  wrap.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !panel.hidden) {
      toggle(false);
      button.focus();
    }
  });
  wrap.addEventListener('focusout', (event) => {
    if (!panel.hidden && event.relatedTarget && !wrap.contains(event.relatedTarget)) toggle(false);
  });
  document.addEventListener('pointerdown', (event) => {
    if (!panel.hidden && !wrap.contains(event.target)) toggle(false);
  });
  return wrap;
}
