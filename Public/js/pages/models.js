// All served models, and the upload of an ONNX file.
import { h } from '../dom.js';
import { plural } from '../format.js';
import { badge, button, pageHeader, time } from '../parts/basics.js';
import { field, formDialog } from '../parts/dialog.js';
import { asyncRegion, emptyState } from '../parts/feedback.js';
import { table } from '../parts/table.js';
import { poll } from '../state.js';

export const tensorText = (tensor) =>
  `${tensor.name}: ${tensor.datatype}[${(tensor.shape ?? []).map((size) => (Number(size) < 0 ? '?' : size)).join(', ')}]`;

export const currentVersion = (model) =>
  (model.versions ?? []).find((one) => String(one.version) === String(model.default_version)) ?? model.versions?.at(-1) ?? null;

const columns = [
  {
    label: 'Name',
    cell: (model) => h('a', { class: 'row-link', href: `/models/${encodeURIComponent(model.name)}` }, model.name),
  },
  {
    label: 'State',
    cell: (model) => {
      const one = currentVersion(model);
      return one ? badge(one.state) : '–';
    },
  },
  {
    label: 'Serves',
    cell: (model) => `version ${model.default_version ?? '–'} of ${plural(model.versions?.length ?? 0, 'version')}`,
  },
  { label: 'Inputs', class: 'grow', cell: (model) => h('code', null, (model.inputs ?? []).map(tensorText).join(', ')) },
  { label: 'Deployed', cell: (model) => time(currentVersion(model)?.created_at) },
];

export default async function modelsPage({ endpoints, signal, title, toasts, navigate }) {
  title('Models');
  const upload = () =>
    formDialog({
      title: 'Upload a model',
      confirm: 'Deploy',
      text: 'The new version is served once it has loaded; until then the old one answers.',
      fields: [
        field(
          'Name',
          h('input', { type: 'text', name: 'name', required: true, autocomplete: 'off', pattern: '[A-Za-z0-9._\\-]+' }),
          'Letters, digits, dots and dashes',
        ),
        field('ONNX file', h('input', { type: 'file', name: 'file', accept: '.onnx', required: true })),
      ],
      async submit(data) {
        await endpoints.models.upload(data.name.trim(), data.file);
        toasts.success(`${data.name.trim()} is served.`);
        navigate(`/models/${encodeURIComponent(data.name.trim())}`);
      },
    });
  const action = () => button('Upload model', { icon: 'upload', kind: 'primary', onClick: upload });
  const list = asyncRegion(async () => {
    const rows = (await endpoints.models.list({ signal }))?.models ?? [];
    return rows.length
      ? table({ columns, rows, label: 'Models' })
      : emptyState('No models yet', 'Deploy one from a pipeline, from a model artifact, or upload an ONNX file.', action());
  });
  poll(() => list.refresh({ quiet: true }), 10000, signal);
  return h('div', { class: 'page' }, pageHeader({ title: 'Models', actions: action() }), list.element);
}
