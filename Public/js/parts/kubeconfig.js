// A kubeconfig for kubectl and the Kubernetes clients, built here of a new token and what the server says of its TLS.
import { button } from './basics.js';
import { yamlText } from './yaml.js';

const DAY = 86_400_000;
const DAYS = 365;

/**
 * Where this page's user reaches the server by TLS, and the certificate to trust: `{server, ca}`; null where it speaks none.
 * `tls`: `{url, ca}` of `GET /api/system`. Without `ca` clients ask the authorities of their system.
 */
export function tlsEnd(tls, page = location) {
  const own = tls?.url ? new URL(tls.url) : null;
  // What this page has come over is right from here. With another port something stands in between, which has its own certificate.
  if (page.protocol === 'https:') return { server: page.origin, ca: own?.port === page.port ? (tls.ca ?? null) : null };
  if (!own) return null;
  // The server tells how to reach it from its own machine.
  if (own.hostname === '127.0.0.1' || own.hostname === '[::1]') own.hostname = page.hostname;
  return { server: own.origin, ca: tls.ca ?? null };
}

/** Makes a token for it, and hands the file to the browser. Null where the server speaks no TLS. */
export function kubeconfigButton({ endpoints, toasts, session, namespace, system, onCreated = () => {} }) {
  const end = tlsEnd(system.tls);
  if (!end) return null;
  const make = button('Download a kubeconfig', {
    icon: 'download',
    async onClick() {
      make.disabled = true;
      try {
        const token = await endpoints.tokens.createOwn({
          name: 'kubeconfig',
          expires_at: new Date(Date.now() + DAYS * DAY).toISOString(),
        });
        download('monoflow.kubeconfig', kubeconfig({ ...end, user: session.user, token: token.token, namespace }));
        toasts.success('The file holds a new token of yours, which ends after a year. Revoke it when it is no longer used.');
        onCreated();
      } catch (error) {
        toasts.failure(error);
      } finally {
        make.disabled = false;
      }
    },
  });
  return make;
}

export function kubeconfig({ server, ca, user, token, namespace }) {
  const cluster = { server };
  if (ca) cluster['certificate-authority-data'] = btoa(ca);
  return `${yamlText([
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'monoflow', cluster }],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: 'monoflow', context: { cluster: 'monoflow', user, namespace } }],
      'current-context': 'monoflow',
    },
  ])}\n`;
}

/** Hands a text to the browser as a file. */
export function download(name, text, type = 'application/yaml') {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
