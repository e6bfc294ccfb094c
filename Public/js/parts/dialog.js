// Modal dialogs on the browser's own <dialog>: it traps focus and closes on Escape.
import { h } from '../dom.js';

/** A yes/no question; answers true when confirmed. */
export function confirmDialog({ title, text, confirm, danger = false }) {
  return new Promise((resolve) => {
    const dialog = h(
      'dialog',
      { class: 'dialog', 'aria-label': title },
      h(
        'form',
        { method: 'dialog' },
        h('h2', null, title),
        h('p', null, text),
        h(
          'div',
          { class: 'dialog-actions' },
          h('button', { class: 'button', value: 'no' }, 'Cancel'),
          h('button', { class: `button ${danger ? 'danger' : 'primary'}`, value: 'yes' }, confirm),
        ),
      ),
    );
    openDialog(dialog, () => resolve(dialog.returnValue === 'yes'));
  });
}

/**
 * A form in a dialog. `fields`: nodes whose named inputs become the entries given to `submit(data)`;
 * a failing submit shows its error in the dialog, which stays open. `done(result)` runs after the dialog has closed on what submit answered.
 */
export function formDialog({ title, text = null, fields, confirm, submit, done = () => {}, wide = false, danger = false }) {
  const failure = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const send = h('button', { class: `button ${danger ? 'danger' : 'primary'}` }, confirm);
  const form = h(
    'form',
    {
      async onSubmit(event) {
        event.preventDefault();
        send.disabled = true;
        failure.hidden = true;
        try {
          const result = await submit(Object.fromEntries(new FormData(form)), form);
          dialog.close();
          done(result);
        } catch (error) {
          failure.textContent = [error.message, error.hint].filter(Boolean).join(' ');
          failure.hidden = false;
        } finally {
          send.disabled = false;
        }
      },
    },
    h('h2', null, title),
    text ? h('p', { class: 'muted' }, text) : null,
    fields,
    failure,
    h(
      'div',
      { class: 'dialog-actions' },
      h('button', { type: 'button', class: 'button', onClick: () => dialog.close() }, 'Cancel'),
      send,
    ),
  );
  const dialog = h('dialog', { class: wide ? 'dialog dialog-wide' : 'dialog', 'aria-label': title }, form);
  openDialog(dialog, () => {});
}

/** Shows a `<dialog>` over the page; it leaves the document when it closes. */
export function openDialog(dialog, onClose) {
  dialog.addEventListener('close', () => {
    dialog.remove();
    onClose();
  });
  document.body.append(dialog);
  dialog.showModal();
}

let hints = 0;

/** A labelled input for forms; the hint describes it without becoming part of its name. */
export function field(label, input, hint = null) {
  const id = hint ? `hint-${++hints}` : null;
  if (id) input.setAttribute('aria-describedby', id);
  return h(
    'div',
    { class: 'field' },
    h('label', { class: 'field' }, h('span', { class: 'field-label' }, label), input),
    hint ? h('span', { class: 'hint', id }, hint) : null,
  );
}
