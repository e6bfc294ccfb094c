// Sign in with a token; the server answers with an HttpOnly cookie, so the token is not kept here.
import { h } from '../dom.js';
import { logo } from '../icons.js';

/** `open(token)` creates the session; `onSignedIn(body)` goes on with it. */
export default function loginPage({ message, open, onSignedIn }) {
  const problem = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const input = h('input', {
    type: 'password',
    name: 'token',
    id: 'token',
    required: true,
    autocomplete: 'current-password',
    spellcheck: 'false',
    'aria-describedby': 'token-hint',
  });
  const reveal = h(
    'button',
    {
      type: 'button',
      class: 'button',
      'aria-pressed': 'false',
      onClick() {
        const show = input.type === 'password';
        input.type = show ? 'text' : 'password';
        reveal.setAttribute('aria-pressed', String(show));
        reveal.textContent = show ? 'Hide' : 'Show';
        input.focus();
      },
    },
    'Show',
  );
  const send = h('button', { class: 'button primary wide' }, 'Sign in');

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    problem.hidden = true;
    try {
      await onSignedIn(await open(input.value.trim()));
    } catch (error) {
      problem.textContent =
        error.status === 401
          ? 'This token is not known, has expired or was revoked.'
          : [error.message, error.hint].filter(Boolean).join(' ');
      problem.hidden = false;
      input.select();
    } finally {
      send.disabled = false;
    }
  }
  setTimeout(() => input.focus());

  return h(
    'main',
    { class: 'login', id: 'content' },
    h(
      'form',
      { class: 'login-card', onSubmit: submit },
      h('div', { class: 'login-brand' }, logo(), h('h1', null, 'Monoflow')),
      message ? h('p', { class: 'notice', role: 'status' }, message) : null,
      // Password managers keep tokens under a name of their own.
      h('input', { type: 'text', name: 'username', autocomplete: 'username', value: 'Monoflow token', hidden: true }),
      h('label', { for: 'token', class: 'field-label' }, 'Access token'),
      h('div', { class: 'joined' }, input, reveal),
      h(
        'p',
        { class: 'hint', id: 'token-hint' },
        'The first start writes one to ',
        h('code', null, 'admin-token'),
        ' in the data directory; an administrator makes more.',
      ),
      problem,
      send,
    ),
  );
}
