// What the page Jobs shows of each kind.
import { nextTime } from '../cron.js';
import { h } from '../dom.js';
import { elapsed, parseTime } from '../format.js';
import { jobState, jobTimes, ownerOf, podState } from '../job-states.js';
import { badge, rowButton, time, took } from '../parts/basics.js';
import { withQuery } from '../api.js';

const age = { label: 'Age', class: 'nowrap', cell: (one) => time(one.metadata.creationTimestamp) };
const none = () => h('span', { class: 'muted' }, '–');
const why = (text) => (text ? h('span', { class: 'muted after' }, ` ${text}`) : null);
const listed = (kind, text) => withQuery('/jobs', { kind, text });

/** Buttons of a row; `[label, act]`, those of nobody who may not write are left out. */
const actions = (may, of) =>
  may
    ? [
        {
          label: '',
          class: 'right nowrap',
          cell: (one) =>
            of(one).map(([label, act], index) => [
              index ? ' ' : null,
              rowButton(label, `${label} ${one.metadata.name}`, () => act(one)),
            ]),
        },
      ]
    : [];

export const jobColumns = ({ may, remove }) => [
  {
    label: 'Name',
    class: 'grow',
    cell: ({ metadata }) => h('a', { class: 'row-link', href: listed('pods', metadata.name), title: 'Its pods' }, metadata.name),
  },
  {
    label: 'Status',
    cell(job) {
      const { state, reason, message } = jobState(job);
      return h('span', { title: message }, badge(state), why(reason));
    },
  },
  {
    label: 'Completions',
    class: 'right',
    cell: ({ spec, status }) => h('span', { class: 'number' }, `${status?.succeeded ?? 0}/${spec.completions ?? spec.parallelism ?? 1}`),
  },
  {
    label: 'Duration',
    class: 'right',
    cell(job) {
      const { started, finished } = jobTimes(job);
      return lasted(started, finished, jobState(job).state);
    },
  },
  { label: 'Owner', cell: owner },
  age,
  ...actions(may, () => [['Delete', remove]]),
];

export const cronColumns = ({ may, remove, run, suspend }) => [
  {
    label: 'Name',
    class: 'grow',
    cell: ({ metadata }) => h('a', { class: 'row-link', href: listed('jobs', metadata.name), title: 'Its jobs' }, metadata.name),
  },
  {
    label: 'Schedule',
    cell: ({ spec }) => [
      h('code', { class: 'nowrap' }, spec.schedule),
      h('div', { class: 'hint' }, spec.timeZone ?? "In the server's time zone"),
    ],
  },
  { label: 'Last', class: 'nowrap', cell: ({ status }) => (status?.lastScheduleTime ? time(status.lastScheduleTime) : none()) },
  { label: 'Next', class: 'nowrap', cell: next },
  {
    label: 'State',
    cell: ({ metadata, spec, status }) =>
      metadata.deletionTimestamp
        ? badge('Terminating')
        : spec.suspend
          ? badge('Suspended')
          : status?.active?.length
            ? badge('Running')
            : h('span', { class: 'muted' }, 'Waiting'),
  },
  age,
  ...actions(may, ({ spec }) => [
    ['Run now', run],
    [spec.suspend ? 'Resume' : 'Suspend', suspend],
    ['Delete', remove],
  ]),
];

export const podColumns = ({ may, remove }) => [
  {
    label: 'Name',
    class: 'grow',
    cell: ({ metadata }) => h('a', { class: 'row-link', href: `/jobs/pods/${encodeURIComponent(metadata.name)}` }, metadata.name),
  },
  { label: 'Phase', cell: (pod) => badge(podState(pod).state) },
  {
    label: 'Reason',
    cell(pod) {
      const { reason, message } = podState(pod);
      return reason ? h('span', { title: message }, reason) : none();
    },
  },
  { label: 'Owner', cell: owner },
  age,
  ...actions(may, () => [['Delete', remove]]),
];

/** How long something took. Pods and jobs tell their times in whole seconds. */
export function lasted(started, finished, state) {
  if (finished && elapsed(started, finished) < 1000) return h('span', { class: 'number nowrap' }, '< 1 s');
  return took(started, finished, finished ? 'Succeeded' : state);
}

/** A link to what it belongs to, where this page shows that kind. */
export function owner(object) {
  const of = ownerOf(object);
  if (!of) return none();
  const kind = { Job: 'jobs', CronJob: 'cronjobs' }[of.kind];
  return kind
    ? h('a', { href: listed(kind, of.name), title: of.kind }, of.name)
    : h('span', { title: of.kind }, of.name);
}

function next({ metadata, spec, status }) {
  if (spec.suspend) return none();
  const last = parseTime(status?.lastScheduleTime) ?? parseTime(metadata.creationTimestamp) ?? undefined;
  const at = nextTime(spec.schedule, { zone: spec.timeZone ?? null, last });
  if (at !== null) return time(new Date(at).toISOString());
  return spec.timeZone ? none() : h('span', { class: 'muted', title: "It depends on the server's time zone" }, 'not known here');
}
