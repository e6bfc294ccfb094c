// The filters above a list: a search field whose text stands in the address, and what else narrows the list.
import { h } from '../dom.js';
import { searchBox } from './table.js';

/** The text is kept as `filter[key]` and as `?key=` of the address; `onChange()` draws the list again. */
export function filterBar({ label, filter, key, setQuery, onChange }, ...others) {
  return h(
    'div',
    { class: 'filters spaced', role: 'search' },
    searchBox({
      label,
      value: filter[key],
      onChange(text) {
        filter[key] = text;
        setQuery({ [key]: text });
        onChange();
      },
    }),
    others,
  );
}

/** One of a few, side by side. `options`: `[[value, label]]`; `filter[key]` and `?key=` hold the chosen one. */
export function choices({ label, options, filter, key, setQuery, onChange }) {
  return h(
    'fieldset',
    { class: 'segmented', 'aria-label': label },
    options.map(([value, text]) =>
      h(
        'label',
        { class: 'choice' },
        h('input', {
          type: 'radio',
          name: key,
          value,
          checked: filter[key] === value,
          onChange() {
            filter[key] = value;
            setQuery({ [key]: value });
            onChange();
          },
        }),
        h('span', null, text),
      ),
    ),
  );
}
