// What happened, newest first: rows of runs and events under the day they belong to.
import { h } from '../dom.js';
import { absoluteTime, stateName } from '../format.js';
import { icon } from '../icons.js';
import { badge, time } from './basics.js';

const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' });

/** A run's start, and its end where it has ended, as `{key, at, kind, …}` rows. */
export function runEntries(run) {
  const entry = (what, at, state) => ({
    key: `run-${run.run_id}-${what}`,
    at: Date.parse(at),
    kind: 'run',
    title: run.display_name || run.run_id,
    href: `/runs/${run.run_id}`,
    detail: what === 'start' ? 'The run was started.' : (run.error?.message ?? 'The run has ended.'),
    state,
    warns: stateName(state) === 'Failed',
  });
  const rows = [entry('start', run.created_at, 'RUNNING')];
  if (Date.parse(run.finished_at) > 0) rows.push(entry('end', run.finished_at, run.state));
  return rows.filter((row) => Number.isFinite(row.at));
}

/** An object of kind Event. Its time is when it was last seen. */
export function eventEntry(event) {
  const at =
    event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata?.creationTimestamp;
  const about = event.involvedObject ?? event.regarding ?? {};
  const count = event.series?.count ?? event.count ?? 1;
  return {
    key: `event-${event.metadata?.uid ?? event.metadata?.name}`,
    at: Date.parse(at) || 0,
    kind: 'event',
    title: [about.kind, about.name].filter(Boolean).join(' ') || 'Event',
    href: null,
    reason: event.reason ?? '',
    detail: event.message ?? event.note ?? '',
    source: event.source?.component ?? event.reportingComponent ?? '',
    count,
    warns: event.type === 'Warning',
  };
}

/** `rows` are in order, newest first. */
export function timeline(rows) {
  const days = [];
  for (const row of rows) {
    const day = DAY.format(row.at);
    if (days.at(-1)?.day !== day) days.push({ day, rows: [] });
    days.at(-1).rows.push(row);
  }
  return days.map(({ day, rows: of }) =>
    h('section', { class: 'timeline-day' }, h('h2', null, day), h('ol', { class: 'timeline-list' }, of.map(entryRow))),
  );
}

function entryRow(row) {
  return h(
    'li',
    { class: 'timeline-row', data: { kind: row.kind, tone: row.warns ? 'warning' : null, key: row.key } },
    icon(row.kind === 'run' ? 'runs' : row.warns ? 'warning' : 'activity'),
    h(
      'div',
      { class: 'timeline-text' },
      h(
        'p',
        null,
        row.href ? h('a', { class: 'row-link', href: row.href }, row.title) : h('strong', null, row.title),
        ' ',
        row.state ? badge(row.state) : null,
        row.reason ? h('span', { class: 'chip' }, row.reason) : null,
        row.count > 1 ? h('span', { class: 'muted' }, `${row.count} times`) : null,
      ),
      row.detail ? h('p', { class: 'muted break' }, row.detail, row.source ? ` (${row.source})` : '') : null,
    ),
    h('span', { class: 'muted timeline-time', title: absoluteTime(new Date(row.at).toISOString()) }, time(new Date(row.at).toISOString())),
  );
}
