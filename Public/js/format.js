// How values read on screen: times, durations, sizes, numbers, states.

const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });

/** The KFP API writes "no time yet" as the epoch or leaves it out. */
export function parseTime(text) {
  const time = text ? Date.parse(text) : NaN;
  return Number.isFinite(time) && time > 0 ? time : null;
}

export function absoluteTime(text) {
  const time = parseTime(text);
  return time === null ? '–' : ABSOLUTE.format(time);
}

export function relativeTime(text, now = Date.now()) {
  const time = parseTime(text);
  if (time === null) return '–';
  const seconds = Math.round((time - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return 'just now';
  if (size < 60) return RELATIVE.format(seconds, 'second');
  if (size < 3600) return RELATIVE.format(Math.round(seconds / 60), 'minute');
  if (size < 86400) return RELATIVE.format(Math.round(seconds / 3600), 'hour');
  return RELATIVE.format(Math.round(seconds / 86400), 'day');
}

/** Milliseconds as `0.4 s`, `12 s`, `3 m 20 s`, `2 h 5 m`. */
export function duration(milliseconds) {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return '–';
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}

/** From start to end, or to now while it goes on; null before the start. */
export function elapsed(started, finished, now = Date.now()) {
  const from = parseTime(started);
  return from === null ? null : (parseTime(finished) ?? now) - from;
}

export function bytes(count) {
  if (count === null || count === undefined || !Number.isFinite(Number(count))) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = Number(count);
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** Numbers short enough for a table, everything else as text or compact JSON. */
export function value(any) {
  if (any === null || any === undefined) return '–';
  if (typeof any === 'number') return Number.isInteger(any) ? String(any) : String(Number(any.toPrecision(6)));
  return typeof any === 'string' ? any : JSON.stringify(any);
}

/** A count with its noun: `1 step`, `3 steps`. */
export const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

const STATES = {
  PENDING: 'Pending',
  RUNNING: 'Running',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  ERROR: 'Failed',
  SKIPPED: 'Skipped',
  OMITTED: 'Omitted',
  CANCELLED: 'Cancelled',
  CANCELED: 'Cancelled',
  CANCELING: 'Cancelling',
  CANCELLING: 'Cancelling',
  PAUSED: 'Paused',
  SUSPENDED: 'Suspended',
  TERMINATING: 'Terminating',
  LOADING: 'Loading',
  READY: 'Ready',
};

/** Every API's spelling of a state in the dashboard's one: `CANCELED` and `Cancelled` are the same. */
export function stateName(text) {
  if (!text) return null;
  return STATES[String(text).toUpperCase()] ?? 'Unknown';
}

export const isActive = (state) => ['Pending', 'Running', 'Cancelling', 'Paused', 'Loading'].includes(stateName(state));

/** `system.Dataset` → `Dataset`. */
export const typeName = (type) => String(type ?? 'system.Artifact').replace(/^system\./, '');

export const shortId = (id) => String(id ?? '').slice(0, 8);
