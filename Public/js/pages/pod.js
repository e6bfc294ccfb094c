// A pod: how it stands, its events, and its log as it grows.
import { fill, h } from '../dom.js';
import { absoluteTime } from '../format.js';
import { podLives, podState } from '../job-states.js';
import { badge, button, facts, pageHeader, section, time } from '../parts/basics.js';
import { confirmDialog } from '../parts/dialog.js';
import { emptyState, errorState, forbiddenState, keepFocus, loadingState } from '../parts/feedback.js';
import { liveMark, liveObjects } from '../parts/live-objects.js';
import { logView } from '../parts/log-view.js';
import { table } from '../parts/table.js';
import { eventEntry, timeline } from '../parts/timeline.js';
import { canRead, canWrite } from '../roles.js';
import { poll } from '../state.js';
import { lasted, owner } from './job-columns.js';

export default async function podPage({ endpoints, signal, title, toasts, params: { name }, namespace, role, navigate }) {
  title(name);
  const live = liveMark();
  const state = h('span');
  const remover = canWrite(role) ? button('Delete', { icon: 'trash', onClick: remove }) : null;
  const head = pageHeader({
    crumbs: [
      ['Jobs', '/jobs'],
      ['Pods', '/jobs?kind=pods'],
    ],
    title: name,
    aside: canRead(role) ? [state, live.element] : null,
    actions: canRead(role) ? remover : null,
  });
  if (!canRead(role)) return h('div', { class: 'page' }, head, forbiddenState(`You may not see the pods of ${namespace}`));

  const region = h('div', { class: 'region' }, loadingState());
  const events = h('div', { class: 'region' });
  const log = h('div', { class: 'pod-log' });
  const body = h('div', { hidden: true }, section('Log', log), section('Events', events));
  let pod = null;
  let seen = null;

  const fields = `metadata.name=${name}`;
  liveObjects({
    endpoint: {
      list: (options) => endpoints.pods.list({ fields, ...options }),
      watch: (version, own) => endpoints.pods.watch(version, own, fields),
    },
    signal,
    status: live.show,
    changed({ objects, failure }) {
      if (!objects) return failure ? fill(region, errorState(failure)) : null;
      const found = objects[0] ?? null;
      if (!found && !pod) return fill(region, emptyState('There is no such pod', 'Finished pods go with their job.'));
      if (!found) return gone();
      const isAnother = found.metadata.uid !== pod?.metadata.uid;
      pod = found;
      if (isAnother) fill(log, logView({ address: (on) => endpoints.pods.logAddress(name, on), live: () => podLives(pod), signal, subject: 'pod' }));
      body.hidden = false;
      if (remover) remover.disabled = false;
      fill(state, badge(podState(pod).state));
      keepFocus(region, () => fill(region, details(pod)));
      return readEvents();
    },
  });

  /** What was read of it stays to be read. */
  function gone() {
    fill(state, h('span', { class: 'chip' }, 'deleted'));
    if (remover) remover.disabled = true;
    seen = null;
  }

  async function readEvents() {
    if (!pod) return;
    const found = await endpoints.events.list({ fields: `involvedObject.uid=${pod.metadata.uid}`, signal }).catch(() => null);
    const text = JSON.stringify(found?.items);
    if (!found || text === seen || signal.aborted) return;
    seen = text;
    const rows = (found.items ?? []).map(eventEntry).sort((a, b) => b.at - a.at);
    fill(events, rows.length ? timeline(rows) : h('p', { class: 'muted' }, 'None'));
  }
  poll(readEvents, 5000, signal);

  async function remove() {
    const sure = await confirmDialog({
      title: `Delete the pod ${name}?`,
      text: 'It is stopped, and its log goes with it. A job makes another one in its place.',
      confirm: 'Delete',
      danger: true,
    });
    if (!sure) return;
    try {
      await endpoints.pods.remove(name);
      toasts.success(`The pod ${name} is deleted.`);
      navigate('/jobs?kind=pods');
    } catch (error) {
      toasts.failure(error);
    }
  }

  return h('div', { class: 'page' }, head, region, body);
}

function details(pod) {
  const { state, reason, message, exitCode, started, finished } = podState(pod);
  const container = pod.spec.containers?.[0] ?? {};
  const conditions = pod.status?.conditions ?? [];
  const command = [...(container.command ?? []), ...(container.args ?? [])].join(' ');
  return [
    h(
      'div',
      { class: 'columns' },
      section(
        'Pod',
        h(
          'div',
          { class: 'card' },
          facts([
            ['Reason', reason],
            ['Message', message],
            ['Exit code', exitCode],
            ['Owner', pod.metadata.ownerReferences?.length ? owner(pod) : null],
            ['Image', container.image],
            ['Command', command ? h('code', { class: 'break' }, command.length > 240 ? `${command.slice(0, 240)}…` : command) : null],
            ['Created', time(pod.metadata.creationTimestamp)],
            ['Started', started ? absoluteTime(started) : null],
            ['Duration', started ? lasted(started, finished, state) : null],
          ]),
        ),
      ),
      section(
        'Conditions',
        conditions.length
          ? table({ label: 'Conditions', rows: conditions, columns: conditionColumns })
          : h('p', { class: 'muted' }, 'None'),
      ),
    ),
  ];
}

const conditionColumns = [
  { label: 'Condition', class: 'break', cell: (one) => one.type },
  { label: 'Status', cell: (one) => one.status },
  { label: 'Reason', class: 'break', cell: (one) => h('span', { title: one.message }, one.reason || one.message || '–') },
  { label: 'Since', class: 'nowrap', cell: (one) => time(one.lastTransitionTime) },
];
