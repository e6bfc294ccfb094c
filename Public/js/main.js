// Assembly: session, endpoints, shell and routes are wired here and handed to the pages as `context`.
import { createApi, isAbort } from './api.js';
import { fill, h } from './dom.js';
import { createEndpoints } from './endpoints.js';
import { createRouter } from './router.js';
import { createShell } from './shell.js';
import { createStore, preferences } from './state.js';
import { errorState } from './parts/feedback.js';
import { tick } from './parts/basics.js';
import { createToasts } from './parts/toasts.js';
import accessPage from './pages/access.js';
import artifactPage from './pages/artifact.js';
import artifactsPage from './pages/artifacts.js';
import comparePage from './pages/compare.js';
import experimentPage from './pages/experiment.js';
import experimentsPage from './pages/experiments.js';
import homePage from './pages/home.js';
import loginPage from './pages/login.js';
import modelPage from './pages/model.js';
import modelsPage from './pages/models.js';
import newRunPage from './pages/new-run.js';
import pipelinePage from './pages/pipeline.js';
import pipelinesPage from './pages/pipelines.js';
import runPage from './pages/run.js';
import runsPage from './pages/runs.js';

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

const router = createRouter(
  [
    ['/', homePage],
    ['/runs', runsPage],
    ['/runs/:id', runPage],
    ['/compare', comparePage],
    ['/new-run', newRunPage],
    ['/experiments', experimentsPage],
    ['/experiments/:id', experimentPage],
    ['/pipelines', pipelinesPage],
    ['/pipelines/:id', pipelinePage],
    ['/models', modelsPage],
    ['/models/:name', modelPage],
    ['/artifacts', artifactsPage],
    ['/artifacts/:id', artifactPage],
    ['/access', accessPage],
  ],
  show,
);

let shell = null;

function signedIn(body) {
  session.set(body);
  const names = (body.namespaces ?? []).map((entry) => entry.name);
  const remembered = preferences.read('namespace');
  namespace.set(names.includes(remembered) ? remembered : (body.home_namespace ?? names[0] ?? 'default'));
  shell = createShell({ session: body, namespace, onNamespace: changeNamespace, onSignOut: signOut });
  fill(app, shell.element);
  router.render();
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
  namespace.set(name);
  preferences.write('namespace', name);
  // An object's page belongs to the namespace that was left; its list is the nearest page that makes sense.
  const area = `/${location.pathname.split('/')[1]}`;
  router.navigate(['/compare', '/new-run'].includes(area) ? '/runs' : area);
}

/** Draws one page; a page that throws shows its error in place, never a blank screen. */
async function show(route, page) {
  if (!shell) return;
  const frame = shell;
  // The user may leave the page, or sign out, while it loads.
  const left = () => route.signal.aborted || frame !== shell;
  const context = {
    ...route,
    endpoints,
    toasts,
    session: session.get(),
    namespace: namespace.get(),
    navigate: router.navigate,
    setQuery: router.setQuery,
    reload: router.render,
    title: (text) => {
      document.title = `${text} · Monoflow`;
    },
  };
  frame.mark(route.path);
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
    signedIn(body);
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
