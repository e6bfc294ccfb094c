// The dialog by which administrators delete a namespace: the name has to be typed, as nothing of it can be had back.
import { h } from '../dom.js';
import { field, formDialog } from './dialog.js';

/** `onDeleted(name)` runs when the server has begun. */
export function deleteNamespaceDialog({ endpoints, name, onDeleted }) {
  formDialog({
    title: `Delete the namespace ${name}?`,
    text: 'Its runs and jobs are stopped; its pipelines, models, artifacts, secrets and all else that is in it are removed. Nothing of it can be had back.',
    confirm: 'Delete the namespace',
    danger: true,
    fields: field(
      'Its name',
      h('input', { type: 'text', name: 'name', required: true, autocomplete: 'off', spellcheck: 'false' }),
      `Type ${name} to confirm`,
    ),
    async submit(data) {
      if (data.name.trim() !== name) throw new Error(`This is not ${name}.`);
      await endpoints.namespaces.remove(name);
    },
    done: () => onDeleted(name),
  });
}
