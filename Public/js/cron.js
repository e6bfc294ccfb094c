// When a cron job's next time is. The server decides; this only tells it beforehand.

const NAMES = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Days between two Februaries with a 29th at most, and some more. */
const HORIZON = 9 * 366 * 24 * HOUR;

/** The values of one field, as a set; null where it cannot be read. */
function values(field, low, high, names = [], first = 0) {
  const number = (text) => {
    const place = names.indexOf(text.toLowerCase());
    return place >= 0 ? place + first : /^\d+$/.test(text) ? Number(text) : NaN;
  };
  const found = new Set();
  for (const part of field.split(',')) {
    const [range, step] = part.split('/');
    let from = low;
    let to = high;
    if (range !== '*' && range !== '?') {
      const ends = range.split('-');
      from = number(ends[0]);
      to = ends.length > 1 ? number(ends[1]) : step === undefined ? from : high;
    }
    const by = step === undefined ? 1 : Number(step);
    if (!(from >= low && to <= Math.max(high, names === WEEKDAYS ? 7 : 0) && from <= to && by >= 1)) return null;
    for (let value = from; value <= to; value += by) found.add(names === WEEKDAYS ? value % 7 : value);
  }
  return found;
}

function parse(text) {
  const fields = (NAMES[text] ?? text).trim().split(/\s+/);
  if (fields.length !== 5) return null;
  const [minutes, hours, days, months, weekdays] = [
    values(fields[0], 0, 59),
    values(fields[1], 0, 23),
    values(fields[2], 1, 31),
    values(fields[3], 1, 12, MONTHS, 1),
    values(fields[4], 0, 6, WEEKDAYS),
  ];
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  const any = (field) => field === '*' || field === '?';
  return { minutes, hours, days, months, weekdays, either: !any(fields[2]) && !any(fields[4]), hourly: fields.slice(1).every(any) };
}

const clocks = new Map();
function clock(zone) {
  if (!clocks.has(zone))
    clocks.set(
      zone,
      new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
      }),
    );
  return clocks.get(zone);
}

/** What the clock of the zone shows. */
function shown(zone, time) {
  const parts = Object.fromEntries(clock(zone).formatToParts(time).map((one) => [one.type, Number(one.value)]));
  return { ...parts, weekday: new Date(Date.UTC(parts.year, parts.month - 1, parts.day)).getUTCDay() };
}

/**
 * The first time (milliseconds) after `after`; null where there is none, or where it cannot be known: without a `zone` the server's own counts,
 * which only schedules of every hour do not need. `last`: when `@every` was last due.
 */
export function nextTime(schedule, { zone = null, after = Date.now(), last = after } = {}) {
  const every = /^@every ((?:\d+[hms])+)$/.exec(schedule);
  if (every) {
    const units = { h: HOUR, m: MINUTE, s: 1000 };
    const interval = [...every[1].matchAll(/(\d+)([hms])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * units[unit], 0);
    return interval ? last + Math.max(1, Math.floor((after - last) / interval) + 1) * interval : null;
  }
  const plan = parse(schedule);
  if (!plan || (!zone && !plan.hourly)) return null;
  let at = (Math.floor(after / MINUTE) + 1) * MINUTE;
  try {
    while (at - after < HORIZON) {
      const now = shown(zone ?? 'UTC', at);
      const day = plan.days.has(now.day);
      const weekday = plan.weekdays.has(now.weekday);
      const nextHour = (60 - now.minute) * MINUTE;
      if (!plan.months.has(now.month) || !(plan.either ? day || weekday : day && weekday)) {
        // Nearly to the next midnight: the clock may be changed on the way.
        at += now.hour < 21 ? nextHour + (21 - now.hour) * HOUR : nextHour;
      } else if (!plan.hours.has(now.hour)) at += nextHour;
      else if (!plan.minutes.has(now.minute)) at += MINUTE;
      else return at;
    }
  } catch {
    // A zone that this browser does not know.
  }
  return null;
}
