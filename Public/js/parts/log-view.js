// A step's log: read as a stream, shown as it grows, bounded in memory.
import { ApiError, isAbort } from '../api.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';

const MOST_CHARACTERS = 2_000_000;
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007]*\u0007/g;
const RETRIES = 5;

/**
 * `address(follow)` of the log; `live()` tells whether the `subject` (step, pod) still runs. Following ends with the step;
 * a connection lost before that is taken up again from the start of the log, without losing the place.
 */
export function logView({ address, live, signal, subject = 'step' }) {
  const output = h('pre', { class: 'log log-wrap', tabindex: '0', 'aria-label': 'Log', role: 'log', 'aria-live': 'off' });
  const status = h('span', { class: 'muted log-status', role: 'status' }, 'Connecting …');
  const follow = h('input', {
    type: 'checkbox',
    checked: true,
    onChange: () => {
      if (follow.checked) toEnd();
    },
  });
  const wrap = h('input', { type: 'checkbox', checked: true, onChange: () => output.classList.toggle('log-wrap', wrap.checked) });
  let characters = 0;
  let pending = '';
  let frame = 0;

  const toEnd = () => {
    output.scrollTop = output.scrollHeight;
  };
  output.addEventListener(
    'wheel',
    (event) => {
      if (event.deltaY < 0) follow.checked = false;
    },
    { passive: true },
  );
  output.addEventListener('keydown', (event) => {
    if (['ArrowUp', 'PageUp', 'Home'].includes(event.key)) follow.checked = false;
  });

  function flush() {
    frame = 0;
    if (!pending) return;
    const text = pending.replace(ESCAPES, '').replace(/[^\n]*\r(?!\n)/g, '');
    pending = '';
    output.append(document.createTextNode(text));
    characters += text.length;
    while (characters > MOST_CHARACTERS && output.childNodes.length > 1) {
      characters -= output.firstChild.textContent.length;
      output.firstChild.remove();
      output.classList.add('log-cut');
    }
    if (follow.checked) toEnd();
  }
  // A hidden page runs no animation frames, so a log that goes on there must not pile up.
  const schedule = () => {
    if (document.hidden || pending.length > 500_000) flush();
    else frame ||= requestAnimationFrame(flush);
  };

  async function read() {
    const following = live();
    const response = await fetch(address(following), { signal, credentials: 'same-origin' });
    if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => null));
    output.replaceChildren();
    characters = 0;
    status.textContent = following ? 'Following' : '';
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      pending += value;
      schedule();
    }
    flush();
    status.textContent = characters || output.textContent ? 'End of the log' : `The ${subject} wrote nothing.`;
  }

  async function run() {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        return await read();
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        if (error instanceof ApiError && error.status === 404) {
          status.textContent = 'There is no log yet.';
          if (!live()) return;
        } else status.textContent = [error.message, error.hint].filter(Boolean).join(' ');
        if (attempt >= RETRIES) return;
        await new Promise((resolve) => {
          setTimeout(resolve, 1500);
        });
      }
    }
  }
  run();

  return h(
    'div',
    { class: 'log-view' },
    h(
      'div',
      { class: 'log-bar' },
      status,
      h('span', { class: 'spacer' }),
      h('label', { class: 'check-label' }, follow, 'Scroll with the log'),
      h('label', { class: 'check-label' }, wrap, 'Wrap'),
      h('a', { class: 'button small', href: address(false), download: `${subject}.log` }, icon('download', 14), 'Download'),
    ),
    output,
  );
}
