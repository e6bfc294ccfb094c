// One's own access tokens: for the SDKs, the command line, kubectl and scripts.
import { h } from '../dom.js';
import { button, pageHeader } from '../parts/basics.js';
import { confirmDialog } from '../parts/dialog.js';
import { asyncRegion, emptyState } from '../parts/feedback.js';
import { kubeconfigButton } from '../parts/kubeconfig.js';
import { createTokenDialog, hasEnded, tokenTable } from '../parts/tokens.js';

export default async function tokensPage({ endpoints, signal, title, toasts, session, namespace }) {
  title('Access tokens');
  const system = await endpoints.system.get({ signal });
  let withEnded = false;
  const region = asyncRegion(async () => {
    const all = (await endpoints.tokens.own({ signal })).tokens ?? [];
    const rows = all.filter((one) => withEnded || !hasEnded(one));
    const ended = all.filter(hasEnded).length;
    return [
      rows.length
        ? tokenTable(rows, { label: 'Your tokens', onRevoke: revoke })
        : emptyState('No tokens', 'Make one for each program that is to work for you.'),
      ended
        ? h(
            'label',
            { class: 'check-label below' },
            h('input', {
              type: 'checkbox',
              checked: withEnded,
              data: { focus: 'ended' },
              onChange(event) {
                withEnded = event.target.checked;
                region.refresh();
              },
            }),
            `Show ${ended} that ${ended === 1 ? 'has' : 'have'} ended`,
          )
        : null,
    ];
  });

  async function revoke(token) {
    const sure = await confirmDialog({
      title: `Revoke the token ${token.name}?`,
      text: 'Whoever uses it is refused from now on, in sessions opened with it too. If you have signed in with it, you are signed out.',
      confirm: 'Revoke',
      danger: true,
    });
    if (!sure) return;
    try {
      await endpoints.tokens.removeOwn(token.id);
      toasts.success('The token is revoked.');
      region.refresh();
    } catch (error) {
      toasts.failure(error);
    }
  }

  const create = () =>
    createTokenDialog({
      title: 'New token',
      namespaces: (session.namespaces ?? []).map((one) => one.name),
      create: endpoints.tokens.createOwn,
      toasts,
      onCreated: () => region.refresh(),
    });

  return h(
    'div',
    { class: 'page' },
    pageHeader({
      title: 'Access tokens',
      aside: h('span', { class: 'chip' }, session.user),
      actions: [
        kubeconfigButton({ endpoints, toasts, session, namespace, system, onCreated: () => region.refresh() }),
        button('New token', { icon: 'plus', kind: 'primary', onClick: create }),
      ],
    }),
    h('p', { class: 'muted lead' }, 'A token stands for you. Hold each to what its program needs, and revoke those that are no longer used.'),
    region.element,
  );
}
