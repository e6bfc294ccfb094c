// The one place that calls `fetch`. Failures become `ApiError` with the server's message and hint.

/** What the server said: `status` (0: not reached), `code`, `message`, `hint`. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body?.message || body?.error || (status ? `The server answered ${status}.` : 'The server cannot be reached.'));
    this.name = 'ApiError';
    this.status = status;
    this.code = body?.code ?? null;
    this.hint = body?.hint || (status ? null : 'Check that monoflow is running and that this address is still right.');
  }
}

/** True for the error of a request that its page gave up because the user left it. */
export const isAbort = (error) => error?.name === 'AbortError';

/** `path` with a query made of the entries that have a value. */
export function withQuery(path, query = {}) {
  const entries = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const text = new URLSearchParams(entries.map(([key, value]) => [key, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

export const segment = encodeURIComponent;

/**
 * `onUnauthenticated()` runs after any 401, so an expired session leads to the login page from everywhere.
 * All methods take `{query, signal}`; `json` methods answer the parsed body, `null` for an empty one.
 */
export function createApi({ onUnauthenticated }) {
  async function send(method, path, { query, body, headers, signal } = {}) {
    let response;
    try {
      response = await fetch(withQuery(path, query), { method, body, headers, signal, credentials: 'same-origin' });
    } catch (error) {
      if (isAbort(error)) throw error;
      throw new ApiError(0, null);
    }
    if (response.ok) return response;
    const failure = new ApiError(response.status, await readFailure(response));
    if (response.status === 401) onUnauthenticated();
    throw failure;
  }

  async function json(method, path, { data, ...options } = {}) {
    if (data !== undefined) {
      options.body = JSON.stringify(data);
      options.headers = { 'Content-Type': 'application/json', ...options.headers };
    }
    const response = await send(method, path, options);
    const text = await response.text();
    if (!text) return null;
    try {
      return JSON.parse(text);
    } catch {
      throw new ApiError(response.status, {
        message: `The answer to ${path} is not JSON.`,
        hint: 'Is this address served by monoflow itself?',
      });
    }
  }

  return {
    get: (path, options) => json('GET', path, options),
    post: (path, data, options) => json('POST', path, { data, ...options }),
    put: (path, data, options) => json('PUT', path, { data, ...options }),
    patch: (path, data, options) => json('PATCH', path, { data, ...options }),
    remove: (path, options) => json('DELETE', path, options),
    /** POST or PUT of a `FormData`, `File` or text, as it is. */
    upload: (method, path, body, options) => json(method, path, { body, ...options }),
    /** The raw response, for streams and previews. */
    open: (path, options) => send('GET', path, options),
  };
}

async function readFailure(response) {
  const text = await response.text().catch(() => '');
  try {
    const body = JSON.parse(text);
    return typeof body.error === 'object' && body.error ? { ...body, ...body.error } : body;
  } catch {
    return text && text.length < 400 && !text.trimStart().startsWith('<') ? { message: text.trim() } : null;
  }
}
