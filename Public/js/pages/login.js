// Sign in with a token, or through an identity provider where the server has one. The server answers with an HttpOnly cookie, so
// the token is not kept here.
import { withQuery } from '../api.js';
import { fill, h } from '../dom.js';
import { logo } from '../icons.js';

/** What the server names when a sign-in through the provider comes to nothing. */
const REASONS = {
  attempt_unknown: 'This sign-in was not begun in this browser, or another tab began one since. Try again.',
  attempt_expired: 'The sign-in took too long. Try again.',
  answer_unfitting: 'The answer of the identity provider does not belong to this sign-in, or was used before. Try again.',
  refused: 'The identity provider did not sign you in.',
  provider_unavailable: 'The identity provider cannot be reached now. Try again in a moment, or sign in with a token.',
  provider_wrong: 'The identity provider’s answer cannot be used. Tell your administrator: the server’s log says why.',
  email_not_verified: 'The identity provider has not verified your e-mail address.',
  name_unusable: 'The identity provider does not tell a name that you could have here. Tell your administrator.',
  name_taken: 'A user of your name is here already. Ask your administrator to link it to your account at the identity provider.',
  user_unknown: 'You have no user here. Ask your administrator to make one.',
};

/** `open(token)` creates the session; `onSignedIn(body)` goes on with it; `methods()` tells the ways to sign in. */
export default function loginPage({ message, open, onSignedIn, methods }) {
  const text = takeReason();
  const problem = h('p', { class: 'form-error', role: 'alert', hidden: !text }, text);
  const others = h('div', { class: 'login-others', hidden: true });
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
  methods().then(
    (all) => fill(others, all.filter(({ type }) => type === 'oidc').map(providerButton)),
    () => {
      /* a token still does */
    },
  );

  function providerButton({ label, path }) {
    others.hidden = false;
    const next = location.pathname + location.search;
    return h('a', { class: 'button wide', href: withQuery(path, { next }) }, `Sign in with ${label}`);
  }

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
      others,
    ),
  );
}

/** What the address says of a sign-in that came to nothing; said once, so the address forgets it. */
function takeReason() {
  const query = new URLSearchParams(location.search);
  const reason = query.get('sign_in');
  if (!reason) return '';
  query.delete('sign_in');
  const rest = query.toString();
  history.replaceState(null, '', location.pathname + (rest ? `?${rest}` : ''));
  return Object.hasOwn(REASONS, reason) ? REASONS[reason] : 'Signing in did not work. Try again.';
}
