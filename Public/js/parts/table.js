// Dense tables with sortable heads and page-by-page browsing.
import { h, hidden } from '../dom.js';
import { icon } from '../icons.js';
import { asyncRegion } from './feedback.js';
import { poll } from '../state.js';

/**
 * `columns`: `[{label, cell(row) → node, sort?: key, class?}]`. `sort`: `{key, descending}`, `onSort(sort)`.
 * `selection`: a Set of row ids with `onSelect()`; `id(row)` names a row.
 */
export function table({ columns, rows, label, sort = null, onSort = null, selection = null, onSelect = null, id = null }) {
  const head = columns.map((column) => {
    const sorted = sort && column.sort === sort.key;
    const direction = sorted ? (sort.descending ? 'descending' : 'ascending') : null;
    return h(
      'th',
      { scope: 'col', class: column.class, 'aria-sort': direction },
      column.sort && onSort
        ? h(
            'button',
            {
              type: 'button',
              class: 'sort',
              onClick: () => onSort({ key: column.sort, descending: sorted ? !sort.descending : column.sort !== 'display_name' }),
            },
            column.label,
            sorted ? icon('down', 12) : null,
          )
        : column.label,
    );
  });
  return h(
    'div',
    { class: 'table-wrap' },
    h(
      'table',
      { class: 'stacks', 'aria-label': label },
      h('thead', null, h('tr', null, selection ? h('th', { scope: 'col', class: 'check' }, hidden('Select')) : null, head)),
      h(
        'tbody',
        null,
        rows.map((row) =>
          h(
            'tr',
            null,
            selection
              ? h(
                  'td',
                  { class: 'check' },
                  h('input', {
                    type: 'checkbox',
                    checked: selection.has(id(row)),
                    'aria-label': 'Select row',
                    data: { focus: id(row) },
                    onChange(event) {
                      if (event.target.checked) selection.add(id(row));
                      else selection.delete(id(row));
                      onSelect();
                    },
                  }),
                )
              : null,
            columns.map((column) => h('td', { class: column.class, data: { label: column.label || null } }, column.cell(row))),
          ),
        ),
      ),
    ),
  );
}

/**
 * A list read page by page. `load(token)` answers `{rows, next, total}`; `draw(rows)` the table;
 * `refreshWhile(rows)` keeps the shown page fresh (every 4 s while it answers true, else every 20 s).
 */
export function pagedList({ load, draw, empty, signal, refreshWhile = () => false }) {
  let tokens = [null];
  let lastRows = [];
  let shown = null;
  let rounds = 0;
  const region = asyncRegion(async ({ quiet }) => {
    const { rows, next, total } = await load(tokens[tokens.length - 1]);
    lastRows = rows;
    const content = JSON.stringify([rows, next]);
    if (quiet && content === shown) return null;
    shown = content;
    if (!rows.length && tokens.length === 1) return empty();
    return [draw(rows), pager(next, total)];
  });

  function pager(next, total) {
    if (tokens.length === 1 && !next) return null;
    const move = (change) => {
      change();
      region.refresh();
    };
    return h(
      'nav',
      { class: 'pager', 'aria-label': 'Pages' },
      h('span', { class: 'muted' }, `Page ${tokens.length}${total ? ` · ${total} in all` : ''}`),
      h(
        'button',
        { type: 'button', class: 'button', disabled: tokens.length === 1, onClick: () => move(() => tokens.pop()) },
        'Previous',
      ),
      h('button', { type: 'button', class: 'button', disabled: !next, onClick: () => move(() => tokens.push(next)) }, 'Next'),
    );
  }

  poll(
    async () => {
      rounds += 1;
      if (refreshWhile(lastRows) || rounds % 5 === 0) await region.refresh({ quiet: true });
    },
    4000,
    signal,
  );

  return {
    element: region.element,
    refresh: region.refresh,
    restart() {
      tokens = [null];
      return region.refresh();
    },
  };
}

/** A search box that reports its text after a short rest. */
export function searchBox({ label, value = '', onChange }) {
  let timer = 0;
  const input = h('input', {
    type: 'search',
    placeholder: label,
    'aria-label': label,
    value,
    autocomplete: 'off',
    spellcheck: 'false',
    onInput() {
      clearTimeout(timer);
      timer = setTimeout(() => onChange(input.value.trim()), 250);
    },
  });
  return h('span', { class: 'search' }, icon('search', 14), input);
}
