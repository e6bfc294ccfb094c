// Calls about pods, jobs and cron jobs of the chosen namespace.
import { segment, withQuery } from './api.js';

const ROOTS = { pods: '/api/v1', jobs: '/apis/batch/v1', cronjobs: '/apis/batch/v1' };
const COLLECTIONS = { Pod: 'pods', Job: 'jobs', CronJob: 'cronjobs' };
const PAGE = 500;
/** A name of a job is at most 63 characters long. */
const CRON_NAME = 48;

/** `namespace()` answers the chosen namespace. */
export function createJobEndpoints(api, { namespace }) {
  const path = (plural, name = null) =>
    `${ROOTS[plural]}/namespaces/${segment(namespace())}/${plural}${name === null ? '' : `/${segment(name)}`}`;

  /** `fields`: a field selector. */
  const collection = (plural) => ({
    list: ({ token, fields, signal } = {}) =>
      api.get(path(plural), { signal, query: { limit: PAGE, continue: token, fieldSelector: fields } }),
    /** The stream of changes after a version: one JSON document a line. */
    watch: (version, signal, fields = null) =>
      api.open(path(plural), {
        signal,
        query: { watch: true, resourceVersion: version, allowWatchBookmarks: true, fieldSelector: fields },
      }),
    /** With what it owns, which goes after it. */
    remove: (name) => api.remove(path(plural, name), { query: { propagationPolicy: 'Background' } }),
  });

  const pods = {
    ...collection('pods'),
    logAddress: (name, follow) => withQuery(`${path('pods', name)}/log`, { follow: follow ? 'true' : null }),
  };

  const cronJobs = {
    ...collection('cronjobs'),
    suspend: (name, suspend) =>
      api.patch(path('cronjobs', name), { spec: { suspend } }, { headers: { 'Content-Type': 'application/merge-patch+json' } }),
    /** A job of the template, now; the schedule goes on as it was. Answers the job. */
    run: (cron) => api.post(path('jobs'), jobOf(cron)),
  };

  /** One YAML document of one of these kinds, as it is. Answers the object. */
  const createObject = (kind, text) =>
    api.upload('POST', path(COLLECTIONS[kind]), text, { headers: { 'Content-Type': 'application/yaml' } });

  return { pods, jobs: collection('jobs'), cronJobs, createObject };
}

function jobOf(cron) {
  const { metadata = {}, spec } = cron.spec.jobTemplate;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${cron.metadata.name.slice(0, CRON_NAME)}-manual-${Math.random().toString(36).slice(2, 7).padEnd(5, '0')}`,
      labels: metadata.labels,
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual', ...metadata.annotations },
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'CronJob', name: cron.metadata.name, uid: cron.metadata.uid, controller: true },
      ],
    },
    spec,
  };
}
