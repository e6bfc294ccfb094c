// The frame round every page: top bar with namespace and user menu, navigation, content.
import { fill, h } from './dom.js';
import { icon, logo } from './icons.js';
import { currentTheme, setTheme } from './state.js';
import { namespaceSwitcher } from './parts/namespace-switcher.js';

/** Groups of `[path, label, icon]`; the first has no heading. */
const AREAS = [
  [
    null,
    [
      ['/', 'Home', 'home'],
      ['/pipelines', 'Pipelines', 'pipelines'],
      ['/experiments', 'Experiments', 'experiments'],
      ['/runs', 'Runs', 'runs'],
      ['/models', 'Models', 'models'],
      ['/artifacts', 'Artifacts', 'artifacts'],
    ],
  ],
  [
    'Namespace',
    [
      ['/jobs', 'Jobs', 'jobs'],
      ['/activity', 'Activity', 'activity'],
      ['/members', 'Members', 'members'],
      ['/quotas', 'Quotas and use', 'quotas'],
      ['/secrets', 'Secrets', 'secrets'],
      ['/config-maps', 'Config maps', 'config'],
      ['/audit', 'Audit', 'audit'],
    ],
  ],
];
const ADMIN_AREAS = [
  'Server',
  [
    ['/namespaces', 'Namespaces', 'namespaces'],
    ['/users', 'Users', 'access'],
  ],
];
const BELONGS_TO = { '/compare': '/runs', '/new-run': '/runs', '/access': '/users' };

/** `{element, show(node), mark(path), update()}`; `session` and `namespace` are stores. */
export function createShell({ session: sessions, namespace, onNamespace, onCreateNamespace, onSignOut }) {
  const session = sessions.get();
  const content = h('main', { id: 'content', class: 'content', tabindex: '-1' });
  const links = [];
  const groups = (session.is_admin ? [...AREAS, ADMIN_AREAS] : AREAS).map(([heading, areas]) => [
    heading ? h('p', { class: 'nav-heading', 'aria-hidden': 'true' }, h('span', null, heading)) : null,
    areas.map(([href, label, name]) => {
      const link = h('a', { href, class: 'nav-link', title: label }, icon(name), h('span', { class: 'nav-label' }, label));
      links.push(link);
      return link;
    }),
  ]);
  const switcher = namespaceSwitcher({
    session: sessions.get,
    current: namespace.get,
    onChoose: onNamespace,
    onCreate: onCreateNamespace,
  });

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
      switcher.element,
      h('span', { class: 'spacer' }),
      userMenu(session, onSignOut),
    ),
    h('nav', { class: 'sidebar', 'aria-label': 'Main' }, groups),
    content,
  );

  return {
    element,
    update: switcher.update,
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
    h('a', { class: 'menu-item', href: '/tokens', onClick: () => toggle(false) }, 'Access tokens'),
    session.is_admin ? h('a', { class: 'menu-item', href: '/setup', onClick: () => toggle(false) }, 'Set up the server') : null,
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
