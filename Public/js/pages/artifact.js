// One artifact: what it is, who made and read it, its first lines.
import { h } from '../dom.js';
import { absoluteTime, bytes, shortId, typeName } from '../format.js';
import { icon } from '../icons.js';
import { button, copyButton, facts, pageHeader, section } from '../parts/basics.js';
import { field, formDialog } from '../parts/dialog.js';
import { asyncRegion, emptyState } from '../parts/feedback.js';
import { metricsBlock } from '../parts/metrics.js';
import { downloadLink } from '../parts/values.js';

const PREVIEW_BYTES = 32 * 1024;

export default async function artifactPage(context) {
  const { params, endpoints, signal, title, toasts } = context;
  const artifact = await endpoints.artifacts.get(params.id, { signal });
  title(artifact.name);
  const stored = Boolean(artifact.digest) || artifact.bytes > 0;
  const address = endpoints.artifacts.contentAddress(artifact.id);
  return h(
    'div',
    { class: 'page' },
    pageHeader({
      crumbs: [['Artifacts', '/artifacts']],
      title: artifact.name || `artifact ${artifact.id}`,
      aside: h('span', { class: 'chip' }, typeName(artifact.type)),
      actions: [
        artifact.type === 'system.Model' && stored
          ? button('Deploy', { icon: 'models', onClick: () => deploy(context, artifact) })
          : null,
        stored ? downloadLink(address, fileName(artifact), '') : null,
      ],
    }),
    h(
      'div',
      { class: 'columns' },
      h(
        'div',
        { class: 'grow-2' },
        section('Metadata', metricsBlock(artifact) ?? h('p', { class: 'muted' }, 'None')),
        section(
          'Content',
          stored && !artifact.is_directory
            ? preview(endpoints, artifact, signal)
            : h(
                'p',
                { class: 'muted' },
                artifact.is_directory ? 'A directory: it downloads as .tar.gz.' : 'Nothing is stored for this artifact.',
              ),
        ),
      ),
      h(
        'div',
        null,
        section(
          'Details',
          facts([
            ['Identifier', artifact.id],
            ['Type', artifact.type],
            ['Size', bytes(artifact.bytes)],
            ['Created', absoluteTime(artifact.created_at)],
            [
              'Digest',
              artifact.digest
                ? h(
                    'span',
                    { class: 'copyable' },
                    h('code', { class: 'break' }, artifact.digest),
                    copyButton(artifact.digest, toasts),
                  )
                : null,
            ],
            ['Address', artifact.uri ? h('code', { class: 'break' }, artifact.uri) : null],
          ]),
        ),
        section('Lineage', lineage(artifact)),
      ),
    ),
  );
}

const fileName = (artifact) => `${artifact.name || `artifact-${artifact.id}`}${artifact.is_directory ? '.tar.gz' : ''}`;

/** Producer, artifact, consumers as a short chain of links. */
function lineage(artifact) {
  const link = (use) =>
    h(
      'a',
      { class: 'lineage-step', href: `/runs/${use.run_id}${use.node_id ? `?node=${encodeURIComponent(use.node_id)}` : ''}` },
      icon('runs', 14),
      h('span', null, use.task_name || 'step'),
      h('span', { class: 'muted' }, `run ${shortId(use.run_id)}`),
    );
  const consumers = artifact.consumers ?? [];
  return h(
    'ol',
    { class: 'lineage' },
    h(
      'li',
      null,
      h('span', { class: 'lineage-label' }, 'Made by'),
      artifact.producer?.run_id ? link(artifact.producer) : h('span', { class: 'muted' }, 'imported or uploaded'),
    ),
    h('li', null, h('span', { class: 'lineage-label' }, 'This artifact'), h('span', { class: 'lineage-self' }, artifact.name)),
    h('li', null, h('span', { class: 'lineage-label' }, `Read by ${consumers.length || 'nobody yet'}`), consumers.map(link)),
  );
}

/** The first lines, when they are text. */
function preview(endpoints, artifact, signal) {
  return asyncRegion(
    async () => {
      const text = await endpoints.artifacts.preview(
        artifact.id,
        Math.min(PREVIEW_BYTES, Math.max(1, artifact.bytes ?? PREVIEW_BYTES)),
        { signal },
      );
      if (!text) return h('p', { class: 'muted' }, 'Empty');
      if (/[\u0000-\u0008\u000e-\u001a\ufffd]/.test(text.slice(0, 2000)))
        return emptyState('Binary content', `${bytes(artifact.bytes)}: download it to look inside.`);
      return [
        h('pre', { class: 'command preview', tabindex: '0' }, text),
        artifact.bytes > PREVIEW_BYTES
          ? h('p', { class: 'muted' }, `The first ${bytes(PREVIEW_BYTES)} of ${bytes(artifact.bytes)}.`)
          : null,
      ];
    },
    { rows: 4 },
  ).element;
}

function deploy({ endpoints, toasts, navigate }, artifact) {
  formDialog({
    title: 'Deploy as a model',
    confirm: 'Deploy',
    text: 'The artifact must be an ONNX model. It is served once it has loaded.',
    fields: [
      field(
        'Model name',
        h('input', {
          type: 'text',
          name: 'name',
          required: true,
          autocomplete: 'off',
          pattern: '[A-Za-z0-9._\\-]+',
          value: (artifact.name || 'model').replace(/[^A-Za-z0-9._-]+/g, '-'),
        }),
      ),
    ],
    async submit(data) {
      await endpoints.models.deploy(data.name, artifact.id);
      toasts.success(`${data.name} is served.`);
      navigate(`/models/${encodeURIComponent(data.name)}`);
    },
  });
}
