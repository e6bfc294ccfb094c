// A form in the page itself. As in a dialog, a failing submit shows its error beside the button.
import { h } from '../dom.js';

export function inlineForm({ fields, confirm, submit }) {
  const failure = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const send = h('button', { class: 'button primary' }, confirm);
  const form = h(
    'form',
    {
      class: 'form',
      async onSubmit(event) {
        event.preventDefault();
        send.disabled = true;
        failure.hidden = true;
        try {
          await submit(Object.fromEntries(new FormData(form)));
        } catch (error) {
          failure.textContent = [error.message, error.hint].filter(Boolean).join(' ');
          failure.hidden = false;
        } finally {
          send.disabled = false;
        }
      },
    },
    fields,
    failure,
    h('div', { class: 'form-actions' }, send),
  );
  return form;
}
