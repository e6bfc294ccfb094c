// Live changes of a run.
import { poll } from '../state.js';

/**
 * Calls `refresh()` after each change until `ended()`: by event stream, and where that fails (a proxy that
 * buffers, say) by asking every two seconds. A hidden page lets go of its stream: browsers allow six
 * connections to a server, and a dashboard is often open in many tabs.
 */
export function watchRun({ address, refresh, signal, ended }) {
  let source = null;
  let polling = false;

  async function update() {
    try {
      await refresh();
    } catch {
      // The next event tries again.
    }
    if (ended()) close();
  }

  function close() {
    source?.close();
    source = null;
  }

  function open() {
    if (source || polling || signal.aborted || ended()) return;
    source = new EventSource(address);
    source.addEventListener('changed', update);
    source.addEventListener('end', () => {
      close();
      update();
    });
    source.addEventListener('error', () => {
      // A lost connection is taken up again by the browser; a refused one is not.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      polling = true;
      poll(
        async () => {
          await refresh();
          return !ended();
        },
        2000,
        signal,
      );
    });
  }

  function onVisibility() {
    if (document.hidden) close();
    else if (!ended()) {
      open();
      update();
    }
  }

  document.addEventListener('visibilitychange', onVisibility, { signal });
  signal.addEventListener('abort', close);
  open();
}
