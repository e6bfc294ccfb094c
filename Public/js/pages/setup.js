// The first page on a new server: a team's namespace, its people, their clients and a first run, from the browser.
import { h } from '../dom.js';
import { button, pageHeader } from '../parts/basics.js';
import { forbiddenState } from '../parts/feedback.js';
import { connectStep, inviteStep, namespaceStep, runStep, serverStep } from '../parts/setup-steps.js';
import { dismissSetup } from '../parts/setup-state.js';
import { hasEnded } from '../parts/tokens.js';
import { readQuotas } from './quotas.js';

export default async function setupPage(context) {
  const { endpoints, signal, title, session, navigate } = context;
  title('Set up');
  if (!session.is_admin) return forbiddenState('Only for administrators', 'An administrator sets up the server and invites others.');
  const [system, users, runs, quotas, tokens] = await Promise.all([
    endpoints.system.get({ signal }),
    endpoints.users.list({ signal }),
    endpoints.runs.list({ size: 1, signal }),
    readQuotas(endpoints, signal),
    endpoints.tokens.own({ signal }),
  ]);
  const facts = {
    system,
    users: users.users ?? [],
    hasRuns: Boolean(runs?.runs?.length),
    hasQuotas: quotas !== null,
    tokens: (tokens.tokens ?? []).filter((one) => !hasEnded(one)),
    teams: (session.namespaces ?? []).map((one) => one.name).filter((name) => name !== session.home_namespace),
  };
  const steps = [serverStep, namespaceStep, inviteStep, runStep, connectStep].map((make) => make(context, facts));
  const done = steps.filter((step) => step.done).length;

  return h(
    'div',
    { class: 'page page-narrow' },
    pageHeader({
      title: 'Set up the server',
      aside: h('span', { class: 'chip' }, `${done} of ${steps.length} done`),
      actions: button('Put this page away', {
        onClick() {
          dismissSetup();
          navigate('/');
        },
      }),
    }),
    h('p', { class: 'muted lead' }, 'Every step can be left out, and done later. This page stays in the menu of your name.'),
    h(
      'ol',
      { class: 'setup' },
      steps.map((step, index) =>
        h(
          'li',
          { class: 'card setup-step', data: { done: String(step.done) } },
          h(
            'div',
            { class: 'setup-head' },
            h('span', { class: 'setup-number', 'aria-hidden': 'true' }, step.done ? '✓' : String(index + 1)),
            h('h2', null, step.title),
            step.done ? h('span', { class: 'badge', data: { state: 'Succeeded' } }, 'done') : null,
          ),
          step.content,
        ),
      ),
    ),
  );
}
