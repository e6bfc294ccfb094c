// The objects of a kind, kept up to date by a watch.
import { h } from '../dom.js';
import { watchObjects } from './watch-objects.js';

const PAGES = 4;
const WORDS = { live: 'Live', waiting: 'Trying to reach the server', paused: 'Paused' };

/** Says whether what is shown is of this moment: `{element, show(status)}`. */
export function liveMark() {
  const element = h('span', { class: 'live', role: 'status', data: { live: 'waiting' } }, 'Connecting');
  return {
    element,
    show(status) {
      element.dataset.live = status;
      element.textContent = WORDS[status];
    },
  };
}

/**
 * `endpoint`: `list({token, signal})`, `watch(version, signal)`. `changed({objects, more, failure})` once a frame at most:
 * `objects` is null before the first list; `more`, that there are others. Ends with `signal`.
 */
export function liveObjects({ endpoint, changed, status, signal }) {
  let objects = null;
  let more = false;
  let failure = null;
  let planned = false;

  function plan() {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      if (!signal.aborted) changed({ objects: objects && [...objects.values()], more, failure });
    });
  }

  watchObjects({
    signal,
    async list() {
      const found = new Map();
      let token = null;
      let version = null;
      try {
        for (let page = 0; page < PAGES; page += 1) {
          const body = await endpoint.list({ token, signal });
          version ??= body.metadata?.resourceVersion;
          for (const one of body.items ?? []) found.set(one.metadata.uid, one);
          token = body.metadata?.continue;
          if (!token) break;
        }
      } catch (error) {
        failure = error;
        plan();
        throw error;
      }
      objects = found;
      more = Boolean(token);
      failure = null;
      plan();
      return version;
    },
    open: (version, own) => endpoint.watch(version, own),
    change({ type, object }) {
      if (type === 'DELETED') objects.delete(object.metadata.uid);
      else objects.set(object.metadata.uid, object);
      plan();
    },
    status,
  });
}
