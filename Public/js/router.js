// History routing with real paths. A page is `async (context) → Node`; leaving it aborts `context.signal`,
// which ends its requests, timers and event streams.

/** `routes`: `[pattern, page]` with `:name` segments, tried in order. `show(context, page)` draws. */
export function createRouter(routes, show) {
  const table = routes.map(([pattern, page]) => ({ parts: pattern.split('/'), page }));
  let controller = new AbortController();

  function match(path) {
    const parts = path.replace(/(.)\/+$/, '$1').split('/');
    for (const route of table) {
      const params = matchParts(route.parts, parts);
      if (params) return { page: route.page, params };
    }
    return { page: null, params: {} };
  }

  function render() {
    controller.abort();
    controller = new AbortController();
    const { page, params } = match(location.pathname);
    show({ path: location.pathname, params, query: new URLSearchParams(location.search), signal: controller.signal }, page);
  }

  function navigate(address, { replace = false } = {}) {
    if (replace) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    render();
    window.scrollTo(0, 0);
  }

  function onClick(event) {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.('a[href]');
    if (!link || link.target || link.hasAttribute('download') || link.getAttribute('href').startsWith('#')) return;
    const address = new URL(link.href);
    if (address.origin !== location.origin || /^\/(api|apis|v2|ns|pipeline|openapi\.json)(\/|$)/.test(address.pathname)) return;
    event.preventDefault();
    navigate(address.pathname + address.search);
  }

  /** The SDK prints links such as `/#/runs/details/ID`, as the first KFP dashboard had them. */
  function adoptHash() {
    const [, area, id, version] =
      /^#\/(runs|experiments|pipelines)(?:\/details\/([^/?]+)(?:\/version\/([^/?]+))?)?/.exec(location.hash) ?? [];
    if (area) history.replaceState(null, '', `/${area}${id ? `/${id}` : ''}${version ? `?version=${version}` : ''}`);
    return Boolean(area);
  }

  return {
    start() {
      adoptHash();
      window.addEventListener('hashchange', () => {
        if (adoptHash()) render();
      });
      document.addEventListener('click', onClick);
      window.addEventListener('popstate', render);
      render();
    },
    render,
    navigate,
    /** Puts a page's own choices (filter, tab, selected step) into the address without drawing again. */
    setQuery(changes) {
      const query = new URLSearchParams(location.search);
      for (const [key, value] of Object.entries(changes)) {
        if (value === null || value === undefined || value === '') query.delete(key);
        else query.set(key, value);
      }
      const text = query.toString();
      history.replaceState(null, '', location.pathname + (text ? `?${text}` : ''));
    },
  };
}

function matchParts(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  const params = {};
  for (let index = 0; index < pattern.length; index += 1) {
    if (pattern[index].startsWith(':')) {
      if (!parts[index]) return null;
      try {
        params[pattern[index].slice(1)] = decodeURIComponent(parts[index]);
      } catch {
        return null;
      }
    } else if (pattern[index] !== parts[index]) return null;
  }
  return params;
}
