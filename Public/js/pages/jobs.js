// Jobs, cron jobs and pods of the namespace, live.
import { fill, h } from '../dom.js';
import { plural } from '../format.js';
import { byAge, ownerOf } from '../job-states.js';
import { button, pageHeader } from '../parts/basics.js';
import { createFromYaml } from '../parts/create-from-yaml.js';
import { confirmDialog } from '../parts/dialog.js';
import { emptyState, errorState, forbiddenState, keepFocus, loadingState } from '../parts/feedback.js';
import { choices, filterBar } from '../parts/filter-bar.js';
import { liveMark, liveObjects } from '../parts/live-objects.js';
import { table } from '../parts/table.js';
import { canRead, canWrite } from '../roles.js';
import { cronColumns, jobColumns, podColumns } from './job-columns.js';

const SHOWN = 300;
const KINDS = {
  jobs: {
    label: 'Jobs',
    noun: 'job',
    kind: 'Job',
    columns: jobColumns,
    none: 'Work that runs to its end, by kubectl, a cron job or the button above.',
    removal: 'What of it runs is stopped, and its pods and their logs go with it.',
  },
  cronjobs: {
    label: 'Cron jobs',
    noun: 'cron job',
    kind: 'CronJob',
    columns: cronColumns,
    none: 'They make a job at each time of their schedule.',
    removal: 'Its jobs go with it, and those that run are stopped.',
  },
  pods: {
    label: 'Pods',
    noun: 'pod',
    kind: 'Pod',
    columns: podColumns,
    none: 'A pod is a container that runs once: of a job, or by itself.',
    removal: 'It is stopped, and its log goes with it. A job makes another one in its place.',
  },
};

export default async function jobsPage({ endpoints, signal, title, toasts, namespace, role, query, setQuery, navigate }) {
  title('Jobs');
  const live = liveMark();
  const head = (...parts) =>
    pageHeader({ title: 'Jobs', aside: [h('span', { class: 'chip' }, namespace), parts[0]], actions: parts[1] });
  if (!canRead(role)) return h('div', { class: 'page' }, head(), forbiddenState(`You may not see the jobs of ${namespace}`));

  const may = canWrite(role);
  const endpointOf = { jobs: endpoints.jobs, cronjobs: endpoints.cronJobs, pods: endpoints.pods };
  const filter = { kind: query.get('kind') in KINDS ? query.get('kind') : 'jobs', text: query.get('text') ?? '' };
  const region = h('div', { class: 'region' });
  let current = { objects: null };
  let watching = null;

  /** One kind at a time: browsers allow few connections to a server. */
  function follow() {
    watching?.abort();
    watching = new AbortController();
    current = { objects: null };
    fill(region, loadingState());
    liveObjects({
      endpoint: endpointOf[filter.kind],
      signal: watching.signal,
      status: live.show,
      changed(next) {
        current = next;
        keepFocus(region, draw);
      },
    });
  }
  signal.addEventListener('abort', () => watching?.abort());

  function draw() {
    const { objects, more, failure } = current;
    if (!objects) return failure ? fill(region, errorState(failure)) : null;
    const kind = KINDS[filter.kind];
    const text = filter.text.toLowerCase();
    const fitting = objects.filter((one) => [one.metadata.name, ownerOf(one)?.name].some((name) => name?.toLowerCase().includes(text)));
    if (!objects.length) return fill(region, emptyState(`No ${kind.noun}s`, kind.none));
    if (!fitting.length) return fill(region, emptyState('Nothing fits the filter', 'Neither the name nor the owner of any has this text in it.'));
    fitting.sort(byAge);
    return fill(
      region,
      table({
        label: kind.label,
        rows: fitting.slice(0, SHOWN),
        columns: kind.columns({ may, remove: (one) => remove(one), run, suspend }),
      }),
      fitting.length > SHOWN || more
        ? h('p', { class: 'hint' }, `The newest ${Math.min(SHOWN, fitting.length)} of ${more ? 'more than ' : ''}${plural(fitting.length, kind.noun)}.`)
        : null,
    );
  }

  /** The list follows by its watch. */
  async function attempt(act, done) {
    try {
      toasts.success(done(await act()));
    } catch (error) {
      toasts.failure(error);
    }
  }

  async function remove({ metadata: { name } }) {
    const { noun, removal } = KINDS[filter.kind];
    const endpoint = endpointOf[filter.kind];
    const sure = await confirmDialog({ title: `Delete the ${noun} ${name}?`, text: removal, confirm: 'Delete', danger: true });
    if (sure) attempt(() => endpoint.remove(name), () => `The ${noun} ${name} is deleted.`);
  }

  const run = (cron) => attempt(() => endpoints.cronJobs.run(cron), (job) => `The job ${job.metadata.name} is made.`);

  const suspend = ({ metadata: { name }, spec }) =>
    attempt(
      () => endpoints.cronJobs.suspend(name, !spec.suspend),
      () => (spec.suspend ? `${name} makes jobs again.` : `${name} makes no jobs until it is resumed.`),
    );

  const create = () =>
    createFromYaml({
      endpoints,
      kind: KINDS[filter.kind].kind,
      onCreated({ kind, metadata }) {
        toasts.success(`${kind} ${metadata.name} is created.`);
        const [place] = Object.entries(KINDS).find(([, one]) => one.kind === kind);
        if (place !== filter.kind || filter.text) navigate(`/jobs?kind=${place}`);
      },
    });

  follow();
  return h(
    'div',
    { class: 'page' },
    head(live.element, may ? button('Create from YAML', { icon: 'plus', kind: 'primary', onClick: create }) : null),
    filterBar(
      { label: 'Filter by name or owner', filter, key: 'text', setQuery, onChange: () => draw() },
      choices({ label: 'Kind', options: Object.entries(KINDS).map(([key, { label }]) => [key, label]), filter, key: 'kind', setQuery, onChange: follow }),
    ),
    region,
  );
}
