// An editor of texts by key: of a secret's values, which are only written, and of a config map's data.
import { h } from '../dom.js';
import { button } from './basics.js';

export const KEY_PATTERN = '[A-Za-z0-9_.\\-]+';
let rows = 0;

/**
 * `entries`: `[{key, value}]`; a value of null is one that is kept unless another is typed. `confidential`: values are typed unseen.
 * `{element, changes()}`: texts by key of what is new or different, null for keys that are taken away.
 */
export function keyValueEditor({ entries, confidential = false }) {
  const list = h('div', { class: 'key-values' });
  const taken = new Set();

  function row({ key = '', value = '', isNew = true }) {
    rows += 1;
    const id = `key-${rows}`;
    const name = h('input', {
      type: 'text',
      value: key,
      required: true,
      readOnly: !isNew,
      pattern: KEY_PATTERN,
      title: 'Letters, digits, dots, dashes and underscores',
      placeholder: 'key',
      'aria-label': 'Key',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    const keeps = value === null;
    const text = h('textarea', {
      class: confidential ? 'code concealed' : 'code',
      rows: confidential ? 1 : Math.min(Math.max((value ?? '').split('\n').length, 1), 12),
      'aria-label': key ? `Value of ${key}` : 'Value',
      placeholder: keeps ? 'unchanged' : 'value',
      autocomplete: 'off',
      spellcheck: 'false',
      value: value ?? '',
    });
    const show = confidential
      ? h(
          'button',
          {
            type: 'button',
            class: 'button small',
            'aria-pressed': 'false',
            onClick() {
              const concealed = text.classList.toggle('concealed');
              show.textContent = concealed ? 'Show' : 'Hide';
              show.setAttribute('aria-pressed', String(!concealed));
            },
          },
          'Show',
        )
      : null;
    const element = h(
      'fieldset',
      { class: 'key-value', id },
      h('legend', { class: 'visually-hidden' }, key || 'New key'),
      h(
        'div',
        { class: 'joined' },
        name,
        show,
        h(
          'button',
          {
            type: 'button',
            class: 'button small',
            'aria-label': key ? `Remove ${key}` : 'Remove this key',
            onClick() {
              if (!isNew) taken.add(key);
              element.remove();
              add.focus();
            },
          },
          'Remove',
        ),
      ),
      text,
    );
    element.read = () => ({ key: name.value.trim(), value: text.value, keeps: keeps && text.value === '', was: isNew ? null : value });
    return element;
  }

  const add = button('Add a key', {
    icon: 'plus',
    kind: 'small',
    onClick() {
      const made = row({});
      list.append(made);
      made.querySelector('input').focus();
    },
  });
  list.append(...entries.map((entry) => row({ ...entry, isNew: false })));
  if (!entries.length) list.append(row({}));

  return {
    element: h('div', { class: 'key-values-frame' }, list, h('div', null, add)),
    changes() {
      const changed = Object.fromEntries([...taken].map((key) => [key, null]));
      const seen = new Set();
      for (const element of list.children) {
        const { key, value, keeps, was } = element.read();
        if (seen.has(key)) throw new Error(`The key ${key} is there twice.`);
        seen.add(key);
        if (!keeps && value !== was) changed[key] = value;
      }
      return changed;
    },
  };
}
