// How much the namespace may use, and how much it uses.
import { fill, h } from '../dom.js';
import { isActive, plural } from '../format.js';
import { button, pageHeader, section } from '../parts/basics.js';
import { confirmDialog, formDialog } from '../parts/dialog.js';
import { asyncRegion, emptyState, forbiddenState } from '../parts/feedback.js';
import { quotaFields, quotaOf } from '../parts/quota-form.js';
import { table } from '../parts/table.js';
import { usageBars } from '../parts/usage.js';
import { canRead } from '../roles.js';
import { poll } from '../state.js';
import { runColumns, runRows } from './run-columns.js';

const NAME = 'quota';
const RUNS = 50;

export default async function quotasPage({ endpoints, signal, title, toasts, session, namespace, role }) {
  title('Quotas and use');
  const actions = h('div', { class: 'page-actions' });
  const head = pageHeader({ title: 'Quotas and use', aside: h('span', { class: 'chip' }, namespace), actions });
  if (!canRead(role)) return h('div', { class: 'page' }, head, forbiddenState(`You may not see what ${namespace} uses`));

  const quotas = asyncRegion(
    async () => {
      const rows = await readQuotas(endpoints, signal);
      const may = session.is_admin && rows !== null;
      const first = rows?.[0] ?? null;
      const change = () => edit(first);
      fill(actions, may ? button(first ? 'Change quota' : 'Set a quota', { icon: first ? 'edit' : 'plus', kind: 'primary', onClick: change }) : null);
      if (rows === null)
        return emptyState('No quotas on this server', 'It keeps none: tasks start as far as the machine has room for them.');
      if (!rows.length)
        return emptyState(
          'No quota set',
          session.is_admin
            ? 'This namespace may use all of the machine. Set a quota to leave room for others.'
            : 'This namespace may use all of the machine. An administrator can set a quota.',
        );
      return rows.map((quota) => quotaCard(quota, may, rows.length > 1));
    },
    { rows: 4 },
  );
  const active = asyncRegion(
    async () => {
      const [running, pending] = await Promise.all(
        ['RUNNING', 'PENDING'].map((state) => endpoints.runs.list({ state, size: RUNS, signal })),
      );
      const rows = [...runRows(running).rows, ...runRows(pending).rows].filter((run) => isActive(run.state));
      if (!rows.length) return h('p', { class: 'muted' }, 'Nothing runs or waits.');
      return [
        h('p', { class: 'muted' }, `${plural(rows.length, 'run')} that go on or wait${rows.length >= RUNS ? ', or more' : ''}.`),
        table({ columns: runColumns, rows, label: 'Active runs' }),
      ];
    },
    { rows: 2 },
  );
  poll(() => Promise.all([quotas.refresh({ quiet: true }), active.refresh({ quiet: true })]), 5000, signal);

  function quotaCard(quota, may, named) {
    const hard = quota.status?.hard ?? quota.spec?.hard ?? {};
    const name = quota.metadata.name;
    return h(
      'section',
      { class: 'card spaced', 'aria-label': `Quota ${name}` },
      named || may
        ? h(
            'div',
            { class: 'card-head' },
            h('h2', null, name),
            may
              ? h(
                  'span',
                  null,
                  named ? [button('Change', { kind: 'small', onClick: () => edit(quota) }), ' '] : null,
                  button('Remove', { kind: 'small', onClick: () => remove(name) }),
                )
              : null,
          )
        : null,
      Object.keys(hard).length ? usageBars(hard, quota.status?.used) : h('p', { class: 'muted' }, 'It limits nothing.'),
      quota.status?.used ? null : h('p', { class: 'hint' }, 'What is used has not been counted yet.'),
    );
  }

  function edit(quota = null) {
    const name = quota?.metadata.name ?? NAME;
    const before = quota?.spec?.hard ?? {};
    formDialog({
      title: `Quota of ${namespace}`,
      text: 'Tasks that would go beyond it wait until there is room. An empty field is no limit.',
      confirm: 'Apply',
      fields: quotaFields(before),
      async submit(data) {
        const { hard, cleared } = quotaOf(data, before);
        await endpoints.quotas.apply(name, hard);
        if (cleared.length) await endpoints.quotas.clear(name, cleared);
        toasts.success('The quota is set.');
        quotas.refresh();
      },
    });
  }

  async function remove(name) {
    const sure = await confirmDialog({
      title: `Remove the quota ${name}?`,
      text: `${namespace} may use all of the machine then.`,
      confirm: 'Remove',
      danger: true,
    });
    if (!sure) return;
    try {
      await endpoints.quotas.remove(name);
      toasts.success('The quota is removed.');
    } catch (error) {
      toasts.failure(error);
    }
    quotas.refresh();
  }

  return h('div', { class: 'page' }, head, quotas.element, section('Active runs', active.element));
}

/** The namespace's quotas; null where the server does not keep the kind. */
export async function readQuotas(endpoints, signal) {
  return (await endpoints.quotas.served({ signal })) ? ((await endpoints.quotas.list({ signal })).items ?? []) : null;
}
