// Assembly: session, endpoints, shell and routes are wired here and handed to the pages as `context`.
import { createApi, isAbort, withQuery } from './api.js';
import { fill, h } from './dom.js';
import { createEndpoints } from './endpoints.js';
import { roleIn } from './roles.js';
import { createRouter } from './router.js';
import { routes } from './routes.js';
import { createShell } from './shell.js';
import { createStore, preferences } from './state.js';
import { createNamespaceDialog } from './parts/create-namespace.js';
import { errorState, forbiddenState } from './parts/feedback.js';
import { tick } from './parts/basics.js';
import { isNewServer } from './parts/setup-state.js';
import { createToasts } from './parts/toasts.js';
import loginPage from './pages/login.js';

const app = document.getElementById('app');
const session = createStore(null);
const namespace = createStore(null);
const toasts = createToasts(document.getElementById('toasts'));
const api = createApi({
  onUnauthenticated: () => {
    if (session.get()) signedOut('Your session has ended. Sign in again to go on.');
  },
});
const endpoints = createEndpoints(api, { namespace: namespace.get, home: () => session.get()?.home_namespace });

const router = createRouter(routes, show);

let shell = null;

async function signedIn(body) {
  session.set(body);
  const names = (body.namespaces ?? []).map((entry) => entry.name);
  const remembered = preferences.read('namespace');
  namespace.set(names.includes(remembered) ? remembered : (body.home_namespace ?? names[0] ?? 'default'));
  shell = createShell({ session, namespace, onNamespace: changeNamespace, onCreateNamespace: createNamespace, onSignOut: signOut });
  fill(app, shell.element);
  // The first page that the administrator of a new server sees is the one that sets it up.
  if (location.pathname === '/' && !location.hash && (await isNewServer(body, endpoints))) router.navigate('/setup', { replace: true });
  else router.render();
}

/** Reads the session again: a namespace was made, or a role was given meanwhile. */
async function refreshSession() {
  session.set(await endpoints.session.read());
  shell?.update();
}

function signedOut(message = null) {
  session.set(null);
  shell = null;
  document.title = 'Sign in · Monoflow';
  fill(app, loginPage({ message, open: endpoints.session.open, methods: endpoints.session.methods, onSignedIn: signedIn }));
}

async function signOut() {
  try {
    const methods = await endpoints.session.methods();
    if (methods.some(({ type }) => type === 'oidc')) {
      const elsewhere = await endpoints.session.closeEverywhere();
      if (elsewhere) return location.assign(elsewhere);
    } else {
      await endpoints.session.close();
    }
  } catch (error) {
    if (error.status !== 401) return toasts.failure(error);
  }
  router.navigate('/', { replace: true });
  signedOut();
}

function changeNamespace(name) {
  chooseNamespace(name);
  // An object's page belongs to the namespace that was left; its list is the nearest page that makes sense.
  const area = `/${location.pathname.split('/')[1]}`;
  router.navigate(withQuery(['/compare', '/new-run'].includes(area) ? '/runs' : area, { ns: name }));
}

function chooseNamespace(name) {
  namespace.set(name);
  preferences.write('namespace', name);
  shell?.update();
}

function createNamespace() {
  createNamespaceDialog({ endpoints, toasts, refreshSession, onCreated: changeNamespace });
}

/** `?ns=NAME` in an address, so that links lead others to the same place. Answers what to show where one has no role there. */
async function adoptNamespace(name) {
  if (!name || name === namespace.get()) return null;
  if (!roleOf(name)) await refreshSession();
  if (!roleOf(name)) {
    document.title = 'No access · Monoflow';
    return forbiddenState(`You have no role in the namespace ${name}`);
  }
  chooseNamespace(name);
  return null;
}

/** Of administrators too, only for namespaces that there are. */
const roleOf = (name) => (session.get()?.namespaces ?? []).find((one) => one.name === name)?.role ?? null;

/** Draws one page; a page that throws shows its error in place, never a blank screen. */
async function show(route, page) {
  if (!shell) return;
  const frame = shell;
  // The user may leave the page, or sign out, while it loads.
  const left = () => route.signal.aborted || frame !== shell;
  frame.mark(route.path);
  try {
    const refusal = await adoptNamespace(route.query.get('ns'));
    if (left()) return;
    if (refusal) return frame.show(refusal);
  } catch (error) {
    if (left() || error.status === 401) return;
    return frame.show(errorState(error, router.render));
  }
  const context = {
    ...route,
    endpoints,
    toasts,
    session: session.get(),
    namespace: namespace.get(),
    role: roleIn(session.get(), namespace.get()),
    refreshSession,
    createNamespace,
    changeNamespace,
    navigate: router.navigate,
    setQuery: router.setQuery,
    reload: router.render,
    title: (text) => {
      document.title = `${text} · Monoflow`;
    },
  };
  if (!page) return frame.show(notFound(route.path));
  try {
    const node = await page(context);
    if (!left()) frame.show(node);
  } catch (error) {
    if (left() || isAbort(error) || error.status === 401) return;
    frame.show(errorState(error, router.render));
  }
}

function notFound(path) {
  document.title = 'Not found · Monoflow';
  return h(
    'div',
    { class: 'empty' },
    h('h1', null, 'There is no such page'),
    h('p', null, path),
    h('a', { class: 'button', href: '/' }, 'Go to the overview'),
  );
}

/** The first request decides between login page and dashboard. */
async function start() {
  try {
    const body = await endpoints.session.read();
    router.start();
    await signedIn(body);
  } catch (error) {
    if (error.status === 401) {
      router.start();
      return signedOut();
    }
    fill(
      app,
      h(
        'main',
        { class: 'stand-alone', id: 'content' },
        errorState(error, () => {
          fill(app);
          start();
        }),
      ),
    );
  }
}

setInterval(() => {
  if (!document.hidden) tick();
}, 1000);
start();
