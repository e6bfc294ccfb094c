// The runs table's columns, shared by every page that lists runs.
import { h } from '../dom.js';
import { badge, time, took } from '../parts/basics.js';

export const runColumns = [
  {
    label: 'Name',
    sort: 'display_name',
    class: 'grow',
    cell: (run) => h('a', { href: `/runs/${run.run_id}`, class: 'row-link' }, run.display_name || run.run_id),
  },
  { label: 'State', sort: 'state', cell: (run) => badge(run.state) },
  { label: 'Duration', class: 'right', cell: (run) => took(run.created_at, run.finished_at, run.state) },
  { label: 'Started', sort: 'created_at', cell: (run) => time(run.created_at) },
];

export const runRows = (body) => ({
  rows: body?.runs ?? [],
  next: body?.next_page_token || null,
  total: body?.total_size ?? null,
});
