// The form of a namespace's quota.
import { h } from '../dom.js';
import { COMMON_RESOURCES, commonName, QUANTITY_PATTERN } from '../quantities.js';
import { field } from './dialog.js';

export const quantityInput = (name, value, example) =>
  h('input', {
    type: 'text',
    name,
    value: value ?? '',
    pattern: QUANTITY_PATTERN,
    title: 'A quantity such as 500m, 2 or 8Gi',
    placeholder: example ? `no limit, e.g. ${example}` : 'no limit',
    autocomplete: 'off',
    spellcheck: 'false',
  });

/** Inputs for the common resources and for what `hard` limits besides; an empty one stands for no limit. */
export function quotaFields(hard = {}) {
  const common = new Map(COMMON_RESOURCES.map(([resource]) => [resource, { resource, text: null }]));
  const others = [];
  for (const [resource, text] of Object.entries(hard)) {
    const known = common.get(commonName(resource));
    if (known) Object.assign(known, { resource, text });
    else others.push([resource, text]);
  }
  return h(
    'div',
    { class: 'field-grid' },
    COMMON_RESOURCES.map(([name, label, example]) => {
      const { resource, text } = common.get(name);
      return field(label, quantityInput(`hard:${resource}`, text, example));
    }),
    others.map(([resource, text]) => field(resource, quantityInput(`hard:${resource}`, text))),
  );
}

/** What the form says: quantities by resource, and those resources of `before` that are no longer limited. */
export function quotaOf(data, before = {}) {
  const hard = {};
  for (const [name, value] of Object.entries(data)) {
    if (name.startsWith('hard:') && value.trim()) hard[name.slice('hard:'.length)] = value.trim();
  }
  return { hard, cleared: Object.keys(before).filter((resource) => !(resource in hard)) };
}
