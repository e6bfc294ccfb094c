// Line icons on a 16-pixel grid, drawn with the text's colour.
import { s } from './dom.js';

const PATHS = {
  home: ['M2.5 7.2 8 2.8l5.5 4.4v6.3h-4v-4h-3v4h-4z'],
  pipelines: ['M3 2.5h4v4H3zM9 9.5h4v4H9zM5 6.5v5h4M9 4.5h4'],
  experiments: ['M6 2.5h4M6.8 2.5v4L3 12.2c-.4.7 0 1.3.8 1.3h8.4c.8 0 1.2-.6.8-1.3L9.2 6.5v-4M5 10h6'],
  runs: ['M4.5 3v10l8-5z'],
  models: ['M8 1.8 13.5 4.9v6.2L8 14.2 2.5 11.1V4.9zM2.5 4.9 8 8l5.5-3.1M8 8v6.2'],
  artifacts: ['M2.5 3h11v3h-11zM3.5 6v7h9V6M6.5 8.5h3'],
  access: ['M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M3 13.5c.4-2.5 2.4-4 5-4s4.6 1.5 5 4'],
  activity: ['M1.5 8.5h3l2-5.5 3 10 2-4.5h3'],
  members: ['M6 7.5a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6M1.8 13c.3-2.3 2-3.6 4.2-3.6S9.9 10.7 10.2 13M10.5 3.2a2.2 2.2 0 0 1 0 4.2M12 9.8c1.3.5 2 1.6 2.2 3.2'],
  jobs: ['M2.5 5h11v8.5h-11zM5.5 5V2.8h5V5M2.5 9h11M8 8v2'],
  quotas: ['M2.5 12a5.8 5.8 0 1 1 11 0M8 10.5 10.8 6.5M2.5 12h11'],
  secrets: ['M4 7h8v6.5H4zM5.5 7V5a2.5 2.5 0 0 1 5 0v2M8 9.5v1.5'],
  config: ['M4 2.5h5l3 3v8H4zM9 2.5v3h3M6 8.5h4M6 11h4'],
  audit: ['M2.5 4h1M2.5 8h1M2.5 12h1M6 4h7.5M6 8h7.5M6 12h5'],
  namespaces: ['M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z'],
  edit: ['M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3z'],
  Succeeded: ['M3.5 8.5 6.5 11.5 12.5 4.8'],
  Ready: ['M3.5 8.5 6.5 11.5 12.5 4.8'],
  Failed: ['M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6'],
  Running: ['M8 2.5a5.5 5.5 0 1 1-5.5 5.5'],
  Loading: ['M8 2.5a5.5 5.5 0 1 1-5.5 5.5'],
  Cancelling: ['M8 2.5a5.5 5.5 0 1 1-5.5 5.5'],
  Pending: ['M8 4.2V8l2.6 1.6'],
  Terminating: ['M8 2.5a5.5 5.5 0 1 1-5.5 5.5'],
  Suspended: ['M6 4.5v7M10 4.5v7'],
  Paused: ['M6 4.5v7M10 4.5v7'],
  Skipped: ['M4 4.5 7.5 8 4 11.5M8.5 4.5 12 8l-3.5 3.5'],
  Omitted: ['M4 8h8'],
  Cancelled: ['M5 5h6v6H5z'],
  Unknown: ['M6 6.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.1M8 11.6v.1'],
  chevron: ['M6 4l4 4-4 4'],
  down: ['M4 6l4 4 4-4'],
  plus: ['M8 3.5v9M3.5 8h9'],
  minus: ['M3.5 8h9'],
  fit: ['M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10'],
  expand: ['M5 6.5 8 9.5l3-3M2.5 2.5h11v11h-11z'],
  collapse: ['M5 9.5 8 6.5l3 3M2.5 2.5h11v11h-11z'],
  search: ['M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9M10.3 10.3l3.2 3.2'],
  download: ['M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.5h10'],
  upload: ['M8 10.5V3M4.8 6 8 2.8 11.2 6M3 13.5h10'],
  close: ['M4 4l8 8M12 4l-8 8'],
  copy: ['M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3'],
  refresh: ['M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3'],
  compare: ['M3 13V6M8 13V3M13 13V8.5'],
  stop: ['M4.5 4.5h7v7h-7z'],
  archive: ['M2.5 3h11v3h-11zM3.5 6v7h9V6M6.5 8.5h3'],
  trash: ['M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.6 9h5.8l.6-9'],
  sun: [
    'M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  ],
  user: ['M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M3 13.5c.4-2.5 2.4-4 5-4s4.6 1.5 5 4'],
  inbox: ['M2.5 9.5 4.5 3h7l2 6.5v4h-11zM2.5 9.5h3.3l.7 1.5h3l.7-1.5h3.3'],
  warning: ['M8 2.5 14 13H2zM8 6.5v3M8 11.3v.1'],
  shield: ['M8 1.8 13 3.8v4.2c0 3-2 5.2-5 6.2-3-1-5-3.2-5-6.2V3.8z'],
  chip: ['M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14'],
};

/** A decorative icon; unknown names give the question mark. */
export function icon(name, size = 16) {
  const paths = (PATHS[name] ?? PATHS.Unknown).map((d) => s('path', { d }));
  return s(
    'svg',
    { class: `icon icon-${name}`, viewBox: '0 0 16 16', width: size, height: size, 'aria-hidden': 'true', focusable: 'false' },
    paths,
  );
}

/** The path data of a state's icon, for drawing inside another SVG. */
export const statePaths = (state) => PATHS[state] ?? PATHS.Unknown;

export function logo() {
  return s(
    'svg',
    { class: 'logo', viewBox: '0 0 32 32', width: 24, height: 24, 'aria-hidden': 'true' },
    s('rect', { width: 32, height: 32, rx: 8, class: 'logo-ground' }),
    s('path', { d: 'M9 9.5v6.2a6.3 6.3 0 0 0 6.3 6.3H18M9 15.7a6.3 6.3 0 0 1 6.3-6.2H18', class: 'logo-line' }),
    s('circle', { cx: 9, cy: 9, r: 3, class: 'logo-dot' }),
    s('circle', { cx: 22, cy: 9.5, r: 3, class: 'logo-dot' }),
    s('circle', { cx: 22, cy: 22, r: 3, class: 'logo-dot-2' }),
  );
}
