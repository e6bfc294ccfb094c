// Live changes of declared objects: a watch that is read as it comes, taken up again with a growing pause.
import { isAbort } from '../api.js';

const SHORTEST = 1000;
const LONGEST = 30_000;
/** A stream that has lasted this long, or has brought something, counts as working. */
const STEADY = 10_000;

/**
 * `list()` reads all and answers the version to go on from; `open(version, signal)` the response of a watch from it;
 * `change({type, object})` takes a change; `status('live' | 'waiting' | 'paused')` tells how it stands. Ends with `signal`.
 * A hidden page lets go of its stream and reads anew when it is seen again.
 */
export function watchObjects({ list, open, change, status = () => {}, signal }) {
  let controller = null;
  let pause = SHORTEST;
  let timer = 0;

  async function run() {
    clearTimeout(timer);
    controller?.abort();
    if (signal.aborted || document.hidden) return;
    const mine = new AbortController();
    controller = mine;
    const begun = Date.now();
    let version = null;
    try {
      version = await list();
      // Each time the stream ends in peace, the next one goes on where it was.
      while (!mine.signal.aborted) {
        const response = await open(version, mine.signal);
        status('live');
        version = await read(response, version);
      }
    } catch (error) {
      if (mine.signal.aborted || signal.aborted || (isAbort(error) && mine !== controller)) return;
      if (error.status === 401) return;
      if (Date.now() - begun > STEADY) pause = SHORTEST;
      status('waiting');
      // Not all pages of a restarted server's users come back at the same moment.
      timer = setTimeout(run, pause * (0.7 + Math.random() * 0.6));
      pause = Math.min(pause * 2, LONGEST);
    }
  }

  async function read(response, from) {
    const begun = Date.now();
    let version = from;
    let count = 0;
    for await (const { type, object } of jsonLines(response.body)) {
      if (type === 'ERROR') throw Object.assign(new Error(object?.message), { status: object?.code });
      version = object?.metadata?.resourceVersion ?? version;
      count += 1;
      pause = SHORTEST;
      if (type !== 'BOOKMARK') change({ type, object });
    }
    // A server that ends every stream at once is not asked in a circle.
    if (!count && Date.now() - begun < SHORTEST) throw new Error('The stream ended at once.');
    return version;
  }

  function stop() {
    clearTimeout(timer);
    controller?.abort();
  }
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.hidden) {
        stop();
        status('paused');
      } else run();
    },
    { signal },
  );
  signal.addEventListener('abort', stop);
  run();
}

const LONGEST_LINE = 8 << 20;

/** The JSON documents of a stream, one a line. */
export async function* jsonLines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      if (rest.length > LONGEST_LINE) throw new Error('A line of the stream is too long.');
      for (const line of lines) if (line.trim()) yield JSON.parse(line);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
