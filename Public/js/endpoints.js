// Every call the dashboard makes, by noun. Runs, experiments and pipelines go through the KFP API that
// the SDK uses; the rest through the native endpoints of docs/NATIVE-API.md.
import { segment, withQuery } from './api.js';
import { createNamespaceEndpoints } from './namespace-endpoints.js';

const KFP = '/apis/v2beta1';
export const PAGE_SIZE = 25;

/** A KFP list filter of `[key, operation, text]` rows; null when there is none. */
function filterOf(rows) {
  const predicates = rows.filter(([, , text]) => text).map(([key, operation, text]) => ({ operation, key, string_value: text }));
  return predicates.length ? JSON.stringify({ predicates }) : null;
}

/** `namespace()` answers the chosen namespace; `home()` the token's own. */
export function createEndpoints(api, { namespace, home }) {
  const scoped = (query) => ({ namespace: namespace(), ...query });
  const servingRoot = () => (namespace() === home() ? '/v2' : `/ns/${segment(namespace())}/v2`);

  const session = {
    read: (options) => api.get('/api/session', options),
    open: (token) => api.post('/api/session', { token }),
    close: () => api.remove('/api/session'),
    /** `[{type, label, path}]`: the ways to sign in. */
    methods: async () => (await api.get('/api/login')).methods,
    /** Ends the session; answers where the browser signs out at the identity provider too, or null. */
    closeEverywhere: async () => (await api.post('/api/login/oidc/logout')).location ?? null,
  };

  const runs = {
    /** `{runs, next_page_token, total_size}`; `state` in KFP's capitals, `archived` picks the other shelf. */
    list: ({ name, state, experiment, archived = false, sort = 'created_at desc', token, size = PAGE_SIZE, signal } = {}) =>
      api.get(`${KFP}/runs`, {
        signal,
        query: scoped({
          experiment_id: experiment,
          page_size: size,
          page_token: token,
          sort_by: sort,
          filter: filterOf([
            ['display_name', 'IS_SUBSTRING', name],
            ['state', 'EQUALS', state],
            ['storage_state', archived ? 'EQUALS' : 'NOT_EQUALS', 'ARCHIVED'],
          ]),
        }),
      }),
    get: (id, options) => api.get(`${KFP}/runs/${segment(id)}`, options),
    create: (body) => api.post(`${KFP}/runs`, body, { query: scoped() }),
    /** `terminate`, `archive`, `unarchive` or `retry`. */
    act: (id, action) => api.post(`${KFP}/runs/${segment(id)}:${action}`),
    remove: (id) => api.remove(`${KFP}/runs/${segment(id)}`),
    graph: (id, options) => api.get(`/api/runs/${segment(id)}/graph`, options),
    watchAddress: (id) => `/api/runs/${segment(id)}/watch`,
    logAddress: (id, node, follow) =>
      withQuery(`/apis/v1alpha1/runs/${segment(id)}/nodes/${segment(node)}/log`, { follow: follow || null }),
  };

  const experiments = {
    list: ({ name, token, size = PAGE_SIZE, signal } = {}) =>
      api.get(`${KFP}/experiments`, {
        signal,
        query: scoped({
          page_size: size,
          page_token: token,
          sort_by: 'created_at desc',
          filter: filterOf([['display_name', 'IS_SUBSTRING', name]]),
        }),
      }),
    get: (id, options) => api.get(`${KFP}/experiments/${segment(id)}`, options),
    create: (display_name, description) => api.post(`${KFP}/experiments`, { display_name, description, namespace: namespace() }),
  };

  const pipelines = {
    list: ({ name, token, size = PAGE_SIZE, signal } = {}) =>
      api.get(`${KFP}/pipelines`, {
        signal,
        query: scoped({
          page_size: size,
          page_token: token,
          sort_by: 'created_at desc',
          filter: filterOf([['display_name', 'IS_SUBSTRING', name]]),
        }),
      }),
    get: (id, options) => api.get(`${KFP}/pipelines/${segment(id)}`, options),
    versions: (id, options) =>
      api.get(`${KFP}/pipelines/${segment(id)}/versions`, { ...options, query: { page_size: 100, sort_by: 'created_at desc' } }),
    version: (id, version, options) => api.get(`${KFP}/pipelines/${segment(id)}/versions/${segment(version)}`, options),
    graph: (id, version, options) => api.get(`/api/pipelines/${segment(id)}/versions/${segment(version)}/graph`, options),
    upload: (file, name, description) =>
      api.upload('POST', `${KFP}/pipelines/upload`, formOf(file), { query: scoped({ name, display_name: name, description }) }),
    uploadVersion: (id, file, name) =>
      api.upload('POST', `${KFP}/pipelines/upload_version`, formOf(file), {
        query: { pipelineid: id, name, display_name: name },
      }),
    remove: (id) => api.remove(`${KFP}/pipelines/${segment(id)}`),
  };

  const models = {
    list: (options) => api.get('/api/models', { ...options, query: scoped() }),
    get: (name, options) => api.get(`/api/models/${segment(name)}`, { ...options, query: scoped() }),
    deploy: (name, artifact) => api.post(`/api/models/${segment(name)}/versions`, { artifact_id: artifact }, { query: scoped() }),
    upload: (name, file) => api.upload('PUT', `/api/models/${segment(name)}/versions/next`, file, { query: scoped() }),
    remove: (name) => api.remove(`/api/models/${segment(name)}`, { query: scoped() }),
    removeVersion: (name, version) =>
      api.remove(`/api/models/${segment(name)}/versions/${segment(version)}`, { query: scoped() }),
    inferAddress: (name, version) =>
      `${servingRoot()}/models/${segment(name)}${version ? `/versions/${segment(version)}` : ''}/infer`,
    infer: (name, version, body) =>
      api.upload('POST', models.inferAddress(name, version), body, { headers: { 'Content-Type': 'application/json' } }),
  };

  const artifacts = {
    list: ({ run, token, size = PAGE_SIZE, signal } = {}) =>
      api.get('/api/artifacts', { signal, query: scoped({ run_id: run, page_size: size, page_token: token }) }),
    get: (id, options) => api.get(`/api/artifacts/${segment(id)}`, options),
    contentAddress: (id) => `/api/artifacts/${segment(id)}/content`,
    /** The first `count` bytes as text. */
    async preview(id, count, options) {
      const response = await api.open(artifacts.contentAddress(id), { ...options, headers: { Range: `bytes=0-${count - 1}` } });
      return response.text();
    },
  };

  const system = {
    get: (options) => api.get('/api/system', options),
    /** One of the dashboard's own files, as text. */
    file: async (path, options) => (await api.open(path, options)).text(),
  };

  return { session, runs, experiments, pipelines, models, artifacts, system, ...createNamespaceEndpoints(api, { namespace }) };
}

function formOf(file) {
  const form = new FormData();
  form.append('uploadfile', file, file.name);
  return form;
}
