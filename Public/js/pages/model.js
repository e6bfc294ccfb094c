// One model: versions, tensors, how to call it, and a form to try it.
import { h } from '../dom.js';
import { shortId } from '../format.js';
import { badge, button, codeBlock, pageHeader, section, time } from '../parts/basics.js';
import { confirmDialog } from '../parts/dialog.js';
import { emptyState } from '../parts/feedback.js';
import { table } from '../parts/table.js';
import { tryModel, zeroRequest } from './try-model.js';
import { currentVersion, tensorText } from './models.js';

export default async function modelPage(context) {
  const { params, endpoints, signal, title, toasts, navigate, reload } = context;
  const model = await endpoints.models.get(params.name, { signal });
  title(model.name);
  const current = currentVersion(model);

  async function act(question, call, done, next) {
    if (!(await confirmDialog({ ...question, danger: true }))) return;
    try {
      await call();
      toasts.success(done);
      next();
    } catch (error) {
      toasts.failure(error);
    }
  }
  const remove = () =>
    act(
      { title: `Delete the model ${model.name}?`, text: 'All its versions stop answering at once.', confirm: 'Delete' },
      () => endpoints.models.remove(model.name),
      'The model is deleted.',
      () => navigate('/models'),
    );
  const removeVersion = (version) =>
    act(
      { title: `Delete version ${version}?`, text: 'It stops answering at once.', confirm: 'Delete' },
      () => endpoints.models.removeVersion(model.name, version),
      `Version ${version} is deleted.`,
      reload,
    );

  const columns = [
    {
      label: 'Version',
      cell: (one) => [
        String(one.version),
        String(one.version) === String(model.default_version) ? [' ', h('span', { class: 'chip' }, 'default')] : null,
      ],
    },
    { label: 'State', cell: (one) => badge(one.state) },
    ...((model.versions ?? []).some((one) => one.message)
      ? [{ label: 'Message', class: 'grow', cell: (one) => one.message || '' }]
      : []),
    {
      label: 'From',
      cell: (one) => [
        one.run_id ? h('a', { href: `/runs/${one.run_id}` }, `run ${shortId(one.run_id)}`) : null,
        one.run_id && one.artifact_id ? ', ' : null,
        one.artifact_id
          ? h('a', { href: `/artifacts/${one.artifact_id}` }, `artifact #${one.artifact_id}`)
          : one.run_id
            ? null
            : 'upload',
      ],
    },
    {
      label: 'Digest',
      cell: (one) =>
        h(
          'code',
          { title: one.digest },
          String(one.digest ?? '–')
            .replace(/^sha256:/, '')
            .slice(0, 12),
        ),
    },
    { label: 'Created', cell: (one) => time(one.created_at) },
    { label: '', class: 'right', cell: (one) => button('Delete', { kind: 'small', onClick: () => removeVersion(one.version) }) },
  ];
  const tensors = (name, rows) =>
    h(
      'div',
      null,
      h('h3', null, name),
      rows?.length
        ? h(
            'ul',
            { class: 'tensors' },
            rows.map((one) => h('li', null, h('code', null, tensorText(one)))),
          )
        : h('p', { class: 'muted' }, 'Known once a version is ready'),
    );

  return h(
    'div',
    { class: 'page' },
    pageHeader({
      crumbs: [['Models', '/models']],
      title: model.name,
      aside: current ? badge(current.state) : null,
      actions: button('Delete', { icon: 'trash', onClick: remove }),
    }),
    current?.state === 'Failed' && current.message
      ? h('p', { class: 'message', data: { state: 'Failed' } }, current.message)
      : null,
    section(
      'Try it',
      (model.inputs ?? []).length
        ? tryModel(context, model)
        : emptyState('Not ready', current?.message ?? 'No version of this model is served yet.'),
    ),
    section('Interface', h('div', { class: 'columns' }, tensors('Inputs', model.inputs), tensors('Outputs', model.outputs))),
    section(
      'Versions',
      (model.versions ?? []).length
        ? table({ columns, rows: [...model.versions].reverse(), label: 'Versions' })
        : emptyState('No versions', null),
    ),
    (model.inputs ?? []).length ? section('Call it', codeBlock(curlText(endpoints, model), toasts)) : null,
  );
}

function curlText(endpoints, model) {
  const request = JSON.stringify({
    inputs: zeroRequest(model).inputs.map((input) => (input.data.length > 16 ? { ...input, data: ['…'] } : input)),
  });
  return `curl ${location.origin}${endpoints.models.inferAddress(model.name, null)} \\\n  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\\n  -d '${request}'`;
}
