// Calls about namespaces and those who work in them: members, tokens, users, quotas, events, secrets, config maps, audit.
import { segment } from './api.js';
import { createJobEndpoints } from './job-endpoints.js';

const CORE = '/api/v1';
const MANAGER = 'monoflow-dashboard';
const PAGE = 100;

/** `namespace()` answers the chosen namespace. */
export function createNamespaceEndpoints(api, { namespace }) {
  const native = (rest = '') => `/api/namespaces/${segment(namespace())}${rest}`;
  /** The collection of a declared kind in the chosen namespace, or one object of it. */
  const declared = (plural, name = null) =>
    `${CORE}/namespaces/${segment(namespace())}/${plural}${name === null ? '' : `/${segment(name)}`}`;
  const merge = (path, change) => api.patch(path, change, { headers: { 'Content-Type': 'application/merge-patch+json' } });

  const namespaces = {
    list: (options) => api.get('/api/namespaces', options),
    create: (name) => api.post('/api/namespaces', { name }),
    /** `{name, network, egress, phase}` of the chosen one. */
    settings: (options) => api.get(native(), options),
    /** `change`: `network` or `egress`, true or false. */
    change: (change) => api.patch(native(), change),
    /** Answers before it is gone: the server empties it first. */
    remove: (name) => api.remove(`/api/namespaces/${segment(name)}`),
    /** Names of those that are being deleted, for administrators. */
    async terminating(options) {
      const body = await api.get(`${CORE}/namespaces`, options);
      return (body.items ?? []).filter((one) => one.status?.phase === 'Terminating').map((one) => one.metadata.name);
    },
  };

  const members = {
    list: (options) => api.get(native('/members'), options),
    set: (user, role) => api.put(native(`/members/${segment(user)}`), { role }),
    remove: (user) => api.remove(native(`/members/${segment(user)}`)),
  };

  const users = {
    list: (options) => api.get('/api/users', options),
    create: (user) => api.post('/api/users', user),
    remove: (name) => api.remove(`/api/users/${segment(name)}`),
  };

  /** One's own, and everybody's for administrators. A created one answers its text as `token`, this once. */
  const tokens = {
    own: (options) => api.get('/api/me/tokens', options),
    createOwn: (token) => api.post('/api/me/tokens', token),
    removeOwn: (id) => api.remove(`/api/me/tokens/${segment(id)}`),
    all: (options) => api.get('/api/tokens', options),
    create: (token) => api.post('/api/tokens', token),
    remove: (id) => api.remove(`/api/tokens/${segment(id)}`),
  };

  let servesQuotas = false;
  const quotas = {
    /** Whether the server keeps the kind: asked of the discovery, as asking for the objects would be an error. */
    async served(options) {
      servesQuotas ||= ((await api.get(CORE, options)).resources ?? []).some((one) => one.name === 'resourcequotas');
      return servesQuotas;
    },
    list: (options) => api.get(declared('resourcequotas'), options),
    /** Server-side apply: makes the object, or takes over the fields that it names. `hard`: quantities by resource. */
    apply: (name, hard) =>
      api.patch(
        declared('resourcequotas', name),
        { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec: { hard } },
        { query: { fieldManager: MANAGER, force: true }, headers: { 'Content-Type': 'application/apply-patch+yaml' } },
      ),
    /** Takes limits away that others have set. */
    clear: (name, resources) =>
      merge(declared('resourcequotas', name), { spec: { hard: Object.fromEntries(resources.map((one) => [one, null])) } }),
    remove: (name) => api.remove(declared('resourcequotas', name)),
  };

  const events = {
    list: ({ token, limit = 500, fields, signal } = {}) =>
      api.get(declared('events'), { signal, query: { limit, continue: token, fieldSelector: fields } }),
    /** The stream of changes after a version: one JSON document a line. */
    watch: (version, signal) =>
      api.open(declared('events'), { signal, query: { watch: true, resourceVersion: version, allowWatchBookmarks: true } }),
  };

  /** Values are sent and never answered. */
  const secrets = {
    list: ({ after, signal } = {}) => api.get(native('/secrets'), { signal, query: { limit: PAGE, after } }),
    create: (secret) => api.post(native('/secrets'), secret),
    /** `values`: texts by key; null takes a key away, others stay. */
    change: (name, values) => api.patch(native(`/secrets/${segment(name)}`), { values }),
    remove: (name) => api.remove(native(`/secrets/${segment(name)}`)),
  };

  const configMaps = {
    list: ({ token, signal } = {}) => api.get(declared('configmaps'), { signal, query: { limit: PAGE, continue: token } }),
    create: (name, data) => api.post(declared('configmaps'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }),
    /** `version`: the resourceVersion that was seen; a newer one is refused. `data`: texts by key, null takes a key away. */
    change: (name, version, data) => merge(declared('configmaps', name), { metadata: { resourceVersion: version }, data }),
    remove: (name) => api.remove(declared('configmaps', name)),
  };

  const audit = {
    list: ({ namespace: about, user, before, limit = 50, signal } = {}) =>
      api.get('/api/audit', { signal, query: { namespace: about, user, before, limit } }),
  };

  return { namespaces, members, users, tokens, quotas, events, secrets, configMaps, audit, ...createJobEndpoints(api, { namespace }) };
}
