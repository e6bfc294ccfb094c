// What happens in the namespace: its runs and the events that controllers write, live in one timeline.
import { fill, h } from '../dom.js';
import { pageHeader } from '../parts/basics.js';
import { emptyState, errorState, forbiddenState, keepFocus, loadingState } from '../parts/feedback.js';
import { choices, filterBar } from '../parts/filter-bar.js';
import { eventEntry, runEntries, timeline } from '../parts/timeline.js';
import { liveMark } from '../parts/live-objects.js';
import { watchObjects } from '../parts/watch-objects.js';
import { canRead } from '../roles.js';
import { poll } from '../state.js';

const RUNS = 50;
const SHOWN = 200;
/** Events that are kept in this page; the oldest go first. */
const KEPT = 1000;
const PAGES = 4;
const KINDS = [
  ['', 'All'],
  ['run', 'Runs'],
  ['event', 'Events'],
  ['warning', 'Warnings'],
];

export default async function activityPage({ endpoints, signal, title, namespace, role, query, setQuery }) {
  title('Activity');
  const live = liveMark();
  const head = pageHeader({ title: 'Activity', aside: [h('span', { class: 'chip' }, namespace), live.element] });
  if (!canRead(role)) return h('div', { class: 'page' }, head, forbiddenState(`You may not see what happens in ${namespace}`));

  const filter = { kind: query.get('kind') ?? '', text: query.get('text') ?? '' };
  const events = new Map();
  let runs = [];
  let loaded = false;
  let failure = null;
  let planned = false;
  const region = h('div', { class: 'region' }, loadingState(6));

  /** Many changes at once are one drawing. */
  function plan() {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      if (!signal.aborted) keepFocus(region, draw);
    });
  }

  function draw() {
    if (!loaded) return failure ? fill(region, errorState(failure)) : null;
    const text = filter.text.toLowerCase();
    const all = [...runs.flatMap(runEntries), ...events.values()];
    const fitting = all.filter(
      (row) =>
        (!filter.kind || (filter.kind === 'warning' ? row.warns : row.kind === filter.kind)) &&
        (!text || [row.title, row.reason, row.detail].some((part) => part?.toLowerCase().includes(text))),
    );
    fitting.sort((a, b) => b.at - a.at);
    if (!all.length) return fill(region, emptyState('Nothing has happened yet', 'Runs and the events of controllers appear here by themselves.'));
    if (!fitting.length) return fill(region, emptyState('Nothing fits the filter', 'Change the kind or the text to see more.'));
    return fill(
      region,
      timeline(fitting.slice(0, SHOWN)),
      fitting.length > SHOWN ? h('p', { class: 'hint' }, `The newest ${SHOWN} of ${fitting.length}.`) : null,
    );
  }

  function keep(event) {
    const entry = eventEntry(event);
    events.set(event.metadata.uid ?? event.metadata.name, entry);
    if (events.size <= KEPT) return;
    const oldest = [...events].sort(([, a], [, b]) => a.at - b.at).slice(0, events.size - KEPT);
    for (const [key] of oldest) events.delete(key);
  }

  async function readRuns() {
    const read = (await endpoints.runs.list({ size: RUNS, signal }))?.runs ?? [];
    if (JSON.stringify(read) === JSON.stringify(runs)) return;
    runs = read;
    plan();
  }

  watchObjects({
    signal,
    async list() {
      let token = null;
      let version = null;
      try {
        events.clear();
        for (let page = 0; page < PAGES; page += 1) {
          const body = await endpoints.events.list({ token, signal });
          version ??= body.metadata?.resourceVersion;
          for (const event of body.items ?? []) keep(event);
          token = body.metadata?.continue;
          if (!token) break;
        }
        await readRuns();
      } catch (error) {
        failure = error;
        plan();
        throw error;
      }
      loaded = true;
      failure = null;
      plan();
      return version;
    },
    open: endpoints.events.watch,
    change({ type, object }) {
      if (type === 'DELETED') events.delete(object.metadata.uid ?? object.metadata.name);
      else keep(object);
      plan();
    },
    status: live.show,
  });
  // Runs have no stream of their own for a namespace.
  poll(readRuns, 4000, signal);

  const narrowing = { filter, setQuery, onChange: plan };
  return h(
    'div',
    { class: 'page' },
    head,
    filterBar(
      { label: 'Filter by text', key: 'text', ...narrowing },
      choices({ label: 'Kind', options: KINDS, key: 'kind', ...narrowing }),
    ),
    region,
  );
}
