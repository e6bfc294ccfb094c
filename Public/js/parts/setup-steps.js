// The steps of the set-up page. Each makes `{title, done, content}` of the page's context and of what the server has.
import { h } from '../dom.js';
import { bytes, plural } from '../format.js';
import { button, codeBlock, facts } from './basics.js';
import { nameInput, NAME_HINT } from './create-namespace.js';
import { field } from './dialog.js';
import { inlineForm } from './inline-form.js';
import { kubeconfigButton, tlsEnd } from './kubeconfig.js';
import { quotaFields, quotaOf } from './quota-form.js';
import { roleField } from './role-field.js';
import { runSample } from './sample.js';
import { showToken } from './tokens.js';

const DAY = 86_400_000;
const FIRST_TOKEN_DAYS = 90;

export function serverStep({ session }, { system }) {
  const executor = system.executor ?? {};
  return {
    title: 'The server runs',
    done: true,
    content: facts([
      ['Version', system.version],
      ['Isolation', system.isolation?.summary ?? system.isolation?.level],
      ['Machine', `${(executor.cpu_millis ?? 0) / 1000} CPU, ${bytes(executor.memory_bytes)}${executor.gpus ? `, ${plural(executor.gpus, 'GPU')}` : ''}`],
      ['TLS', system.tls ? system.tls.url : 'off: start the server with --tls-listen to encrypt what comes from other machines'],
      ['You', `${session.user}, administrator; your own namespace is ${session.home_namespace}`],
    ]),
  };
}

export function namespaceStep({ endpoints, toasts, refreshSession, changeNamespace, navigate }, { teams, hasQuotas }) {
  const form = inlineForm({
    confirm: 'Create namespace',
    fields: [
      field('Name', nameInput({ placeholder: 'research' }), NAME_HINT),
      hasQuotas ? h('details', null, h('summary', null, 'Quota'), quotaFields()) : null,
    ],
    async submit(data) {
      await endpoints.namespaces.create(data.name);
      await refreshSession();
      toasts.success(`The namespace ${data.name} is created.`);
      // Draws this page again, in the new namespace.
      changeNamespace(data.name);
      const { hard } = quotaOf(data);
      if (!Object.keys(hard).length) return;
      try {
        await endpoints.quotas.apply('quota', hard);
      } catch (error) {
        // The namespace is there: only its quota is to be set again.
        toasts.failure(error);
        navigate('/quotas');
      }
    },
  });
  return {
    title: 'A namespace for a team',
    done: teams.length > 0,
    content: [
      h(
        'p',
        { class: 'muted' },
        teams.length
          ? `There ${teams.length === 1 ? 'is' : 'are'} ${teams.slice(0, 5).join(', ')}${teams.length > 5 ? ' …' : ''}. Make another one here.`
          : 'What one team makes is apart from what others make: runs, models, files, secrets and processes.',
      ),
      form,
    ],
  };
}

export function inviteStep({ endpoints, toasts, session, namespace, reload }, { users }) {
  const others = users.filter((one) => one.name !== session.user);
  const form = inlineForm({
    confirm: 'Invite',
    fields: [
      field('User', h('input', { type: 'text', name: 'user', required: true, autocomplete: 'off', spellcheck: 'false', placeholder: 'ada@example.org' })),
      h(
        'div',
        { class: 'field-row narrow-first' },
        field(
          'Namespace',
          h(
            'select',
            { name: 'namespace' },
            (session.namespaces ?? []).map((one) => h('option', { value: one.name, selected: one.name === namespace }, one.name)),
          ),
        ),
        roleField('editor'),
      ),
    ],
    async submit(data) {
      const name = data.user.trim();
      await endpoints.users.create({ name, home_namespace: data.namespace, is_admin: false, roles: [{ namespace: data.namespace, role: data.role }] });
      const until = new Date(Date.now() + FIRST_TOKEN_DAYS * DAY).toISOString();
      const token = await endpoints.tokens.create({ user: name, name: 'first sign-in', expires_at: until });
      reload();
      showToken(token, toasts, h('p', { class: 'muted' }, `Give it to ${name} with the address ${location.origin}. It ends after ${FIRST_TOKEN_DAYS} days.`));
    },
  });
  return {
    title: 'People',
    done: others.length > 0,
    content: [
      h(
        'p',
        { class: 'muted' },
        others.length ? `${plural(others.length, 'user')} besides you.` : 'A user signs in with a token, which you hand over once.',
      ),
      form,
    ],
  };
}

export function runStep({ endpoints, toasts, namespace, navigate }, { hasRuns }) {
  const start = button('Run the sample pipeline', {
    icon: 'runs',
    kind: 'primary',
    async onClick() {
      start.disabled = true;
      try {
        navigate(`/runs/${await runSample(endpoints)}`);
      } catch (error) {
        toasts.failure(error);
        start.disabled = false;
      }
    },
  });
  return {
    title: 'A first run',
    done: hasRuns,
    content: [
      h('p', { class: 'muted' }, `Three small steps in ${namespace} that need nothing but this machine: a greeting, three squares at the same time, a report.`),
      h('div', { class: 'form-actions' }, start),
    ],
  };
}

export function connectStep({ endpoints, toasts, session, namespace, reload }, { system, tokens }) {
  const end = tlsEnd(system.tls);
  const make = kubeconfigButton({ endpoints, toasts, session, namespace, system, onCreated: reload });
  return {
    title: 'Your own clients',
    // The first token is the one that the server's first start has made.
    done: tokens.length > 1,
    content: [
      h('p', { class: 'muted' }, 'The Kubeflow Pipelines SDK, with a token of the page Access tokens:'),
      codeBlock(
        `import kfp\n\nclient = kfp.Client(host="${location.origin}", existing_token=TOKEN, namespace="${namespace}")`,
        toasts,
      ),
      end
        ? [
            h('p', { class: 'muted spaced-top' }, `kubectl speaks with ${end.server}:`),
            codeBlock('kubectl --kubeconfig monoflow.kubeconfig get configmaps', toasts),
            h('div', { class: 'form-actions' }, h('a', { class: 'button', href: '/tokens' }, 'Access tokens'), make),
          ]
        : [
            h(
              'p',
              { class: 'muted spaced-top' },
              'kubectl sends tokens over TLS only. Start the server with a second address for it, and come back for a kubeconfig:',
            ),
            codeBlock('monoflow serve --tls-listen 127.0.0.1:8443 …', toasts),
            h('div', { class: 'form-actions' }, h('a', { class: 'button', href: '/tokens' }, 'Access tokens')),
          ],
    ],
  };
}
