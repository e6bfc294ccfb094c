// The dialog by which administrators make a namespace.
import { h } from '../dom.js';
import { field, formDialog } from './dialog.js';

export const NAME_PATTERN = '[a-z0-9]([a-z0-9\\-]{0,61}[a-z0-9])?';
export const NAME_HINT = 'Small letters, digits and dashes, at most 63';

/** An input for a name that becomes a DNS label. */
export const nameInput = (props = {}) =>
  h('input', {
    type: 'text',
    name: 'name',
    required: true,
    pattern: NAME_PATTERN,
    title: NAME_HINT,
    autocomplete: 'off',
    spellcheck: 'false',
    ...props,
  });

export function createNamespaceDialog({ endpoints, toasts, refreshSession, onCreated }) {
  formDialog({
    title: 'New namespace',
    text: 'Runs, pipelines, models and secrets of one team, apart from those of others.',
    confirm: 'Create',
    fields: [field('Name', nameInput(), NAME_HINT)],
    async submit(data) {
      await endpoints.namespaces.create(data.name);
      await refreshSession();
      toasts.success(`The namespace ${data.name} is created.`);
      onCreated(data.name);
    },
  });
}
