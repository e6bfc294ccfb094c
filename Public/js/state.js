// A value that tells its listeners when it changes: session and namespace live in such stores.

/** `{get(), set(value), subscribe(listener) → unsubscribe}`; setting the same value tells nobody. */
export function createStore(initial) {
  let value = initial;
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Small preferences kept in this browser; a browser without storage simply forgets them. */
export const preferences = {
  read(key, fallback = null) {
    try {
      return localStorage.getItem(`monoflow.${key}`) ?? fallback;
    } catch {
      return fallback;
    }
  },
  write(key, value) {
    try {
      if (value === null) localStorage.removeItem(`monoflow.${key}`);
      else localStorage.setItem(`monoflow.${key}`, value);
    } catch {
      /* nothing to do: the choice lasts until the page is closed */
    }
  },
};

/** `system`, `light` or `dark`. */
export function currentTheme() {
  return document.documentElement.dataset.theme ?? 'system';
}

export function setTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  preferences.write('theme', theme === 'system' ? null : theme);
}

/**
 * Calls `task` every `milliseconds` while the page is visible, one call at a time, until `signal` aborts.
 * `task` answers false to stop.
 */
export function poll(task, milliseconds, signal) {
  let timer = 0;
  const next = () => {
    timer = setTimeout(round, milliseconds);
  };
  async function round() {
    if (signal.aborted) return;
    if (document.hidden) return next();
    let goOn = true;
    try {
      goOn = await task();
    } catch {
      /* the next round tries again */
    }
    if (goOn !== false && !signal.aborted) next();
  }
  signal.addEventListener('abort', () => clearTimeout(timer));
  next();
}
