// Overview: how the system stands, what ran lately, which models are served.
import { h, s } from '../dom.js';
import { bytes, duration, elapsed, isActive, parseTime, plural, stateName } from '../format.js';
import { icon } from '../icons.js';
import { badge, pageHeader, time } from '../parts/basics.js';
import { asyncRegion, emptyState, forbiddenState } from '../parts/feedback.js';
import { table } from '../parts/table.js';
import { canRead } from '../roles.js';
import { poll } from '../state.js';
import { currentVersion } from './models.js';
import { runColumns, runRows } from './run-columns.js';

const ISOLATION = { sandboxWithUserPerNamespace: 'Sandbox, user per namespace', sandbox: 'Sandbox', none: 'No sandbox' };

export default async function homePage({ endpoints, signal, namespace, role, title }) {
  title('Overview');
  if (!canRead(role))
    return h(
      'div',
      { class: 'page' },
      pageHeader({ title: 'Overview', aside: h('span', { class: 'chip' }, namespace) }),
      forbiddenState(
        role ? `You may only ask models of ${namespace}` : `You have no role in the namespace ${namespace}`,
        'An owner of the namespace can let you see what is in it.',
      ),
    );
  let active = false;
  const system = asyncRegion(async () => systemStrip(await endpoints.system.get({ signal })), { rows: 1 });
  const runs = asyncRegion(async () => {
    const { rows } = runRows(await endpoints.runs.list({ size: 40, signal }));
    active = rows.some((run) => isActive(run.state));
    if (!rows.length)
      return emptyState(
        'No runs yet',
        'Upload a pipeline and start a run, or submit one with the kfp SDK.',
        h('a', { class: 'button primary', href: '/pipelines' }, 'Go to pipelines'),
      );
    return [activity(rows), table({ columns: runColumns, rows: rows.slice(0, 8), label: 'Recent runs' })];
  });
  const models = asyncRegion(
    async () => {
      const rows = (await endpoints.models.list({ signal }))?.models ?? [];
      if (!rows.length) return emptyState('No models yet', 'Deploy one from a pipeline, or upload an ONNX file.');
      return h('ul', { class: 'model-list' }, rows.slice(0, 8).map(modelRow));
    },
    { rows: 3 },
  );

  let rounds = 0;
  poll(
    async () => {
      rounds += 1;
      if (active || rounds % 4 === 0) await runs.refresh({ quiet: true });
      if (rounds % 4 === 0) await Promise.all([models.refresh({ quiet: true }), system.refresh({ quiet: true })]);
    },
    4000,
    signal,
  );

  return h(
    'div',
    { class: 'page' },
    pageHeader({
      title: 'Overview',
      aside: h('span', { class: 'chip' }, namespace),
      actions: h('a', { class: 'button primary', href: '/new-run' }, icon('plus'), 'New run'),
    }),
    system.element,
    h(
      'div',
      { class: 'columns' },
      h('section', { class: 'card grow-2' }, cardHead('Recent runs', '/runs', 'All runs'), runs.element),
      h('section', { class: 'card' }, cardHead('Models', '/models', 'All models'), models.element),
    ),
  );
}

const cardHead = (title, href, label) => h('div', { class: 'card-head' }, h('h2', null, title), h('a', { href }, label));

function modelRow(model) {
  const current = currentVersion(model);
  return h(
    'li',
    null,
    h('a', { class: 'row-link', href: `/models/${encodeURIComponent(model.name)}` }, model.name),
    h('span', { class: 'muted' }, `version ${model.default_version ?? '–'}`),
    h('span', { class: 'spacer' }),
    current ? badge(current.state) : null,
  );
}

function systemStrip(system) {
  const isolation = system.isolation ?? {};
  const inference = system.inference ?? {};
  const executor = system.executor ?? {};
  const gpus = Array.isArray(executor.gpus) ? executor.gpus.length : (executor.gpus ?? 0);
  return h(
    'ul',
    { class: 'status-strip', 'aria-label': 'System' },
    statusTile(
      'shield',
      'Isolation',
      ISOLATION[isolation.level] ?? isolation.level ?? 'unknown',
      isolation.summary,
      isolation.level === 'none' ? 'bad' : 'good',
    ),
    statusTile(
      'chip',
      'Executor',
      executor.name ?? 'none',
      [`${(executor.cpu_millis ?? 0) / 1000} CPU`, bytes(executor.memory_bytes), gpus ? plural(gpus, 'GPU') : 'no GPU'].join(
        ' · ',
      ),
      'plain',
    ),
    statusTile(
      'models',
      'Inference',
      inference.ready ? `Ready${inference.version ? ` · ONNX Runtime ${inference.version}` : ''}` : 'Not loaded',
      inference.ready
        ? (inference.providers ?? []).map((name) => name.replace('ExecutionProvider', '')).join(', ')
        : inference.message,
      inference.ready ? 'good' : 'plain',
    ),
    statusTile('runs', 'Server', system.version ?? '–', h('span', null, 'started ', time(system.started_at)), 'plain'),
  );
}

function statusTile(name, label, strong, detail, tone) {
  return h(
    'li',
    { class: 'status-tile', data: { tone } },
    icon(name, 18),
    h(
      'div',
      null,
      h('span', { class: 'status-label' }, label),
      h('strong', null, strong),
      h('span', { class: 'muted status-detail' }, detail),
    ),
  );
}

/** One bar a run, oldest left: its height is the duration (on a square-root scale), its colour the state. */
function activity(rows) {
  const ordered = [...rows].sort((a, b) => parseTime(a.created_at) - parseTime(b.created_at));
  const lengths = ordered.map((run) => Math.sqrt(Math.max(1, elapsed(run.created_at, run.finished_at) ?? 1)));
  const longest = Math.max(...lengths);
  const step = 12;
  return h(
    'div',
    { class: 'activity' },
    s(
      'svg',
      {
        viewBox: `0 0 ${40 * step} 44`,
        width: 40 * step,
        height: 44,
        role: 'img',
        'aria-label': `The last ${plural(rows.length, 'run')} by state and duration`,
      },
      ordered.map((run, index) => {
        const height = Math.max(4, (lengths[index] / longest) * 40);
        return s(
          'a',
          { href: `/runs/${run.run_id}`, tabindex: '-1' },
          s(
            'rect',
            {
              class: 'bar',
              'data-state': stateName(run.state) ?? 'Unknown',
              x: (40 - ordered.length + index) * step,
              y: 44 - height,
              width: step - 4,
              height,
              rx: 2,
            },
            s(
              'title',
              null,
              `${run.display_name}: ${stateName(run.state)}, ${duration(elapsed(run.created_at, run.finished_at))}`,
            ),
          ),
        );
      }),
    ),
    h('span', { class: 'muted' }, `Last ${plural(rows.length, 'run')}`),
  );
}
