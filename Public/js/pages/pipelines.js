// All pipelines, and the upload of new ones.
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { button, pageHeader, time } from '../parts/basics.js';
import { field, formDialog } from '../parts/dialog.js';
import { emptyState } from '../parts/feedback.js';
import { pagedList, searchBox, table } from '../parts/table.js';

const columns = [
  {
    label: 'Name',
    class: 'grow',
    cell: (pipeline) =>
      h(
        'a',
        { class: 'row-link', href: `/pipelines/${pipeline.pipeline_id}` },
        pipeline.display_name || pipeline.name || pipeline.pipeline_id,
      ),
  },
  { label: 'Description', class: 'grow muted', cell: (pipeline) => pipeline.description || '' },
  { label: 'Created', cell: (pipeline) => time(pipeline.created_at) },
  {
    label: '',
    class: 'right',
    cell: (pipeline) =>
      h('a', { class: 'button small', href: `/new-run?pipeline=${pipeline.pipeline_id}` }, icon('runs', 14), 'Run'),
  },
];

export default async function pipelinesPage(context) {
  const { endpoints, signal, title } = context;
  title('Pipelines');
  let name = '';
  const upload = () => button('Upload pipeline', { icon: 'upload', kind: 'primary', onClick: () => uploadPipeline(context) });
  const list = pagedList({
    signal,
    load: async (token) => {
      const body = await endpoints.pipelines.list({ name, token, signal });
      return { rows: body?.pipelines ?? [], next: body?.next_page_token || null, total: body?.total_size };
    },
    draw: (rows) => table({ columns, rows, label: 'Pipelines' }),
    empty: () =>
      name
        ? emptyState('No pipeline has this name', 'Try a shorter part of it.')
        : emptyState('No pipelines yet', 'Upload a package that the kfp compiler wrote: YAML, .zip or .tar.gz.', upload()),
  });
  return h(
    'div',
    { class: 'page' },
    pageHeader({ title: 'Pipelines', actions: upload() }),
    h(
      'div',
      { class: 'list' },
      h(
        'div',
        { class: 'filters', role: 'search' },
        searchBox({
          label: 'Filter by name',
          onChange(text) {
            name = text;
            list.restart();
          },
        }),
      ),
      list.element,
    ),
  );
}

const fileInput = () => h('input', { type: 'file', name: 'file', required: true, accept: '.yaml,.yml,.zip,.gz,.tgz,.json' });
const baseName = (file) => file.name.replace(/(\.tar\.gz|\.tgz|\.gz|\.zip|\.ya?ml|\.json)$/i, '');

function uploadPipeline({ endpoints, toasts, navigate }) {
  const file = fileInput();
  const name = h('input', { type: 'text', name: 'name', autocomplete: 'off' });
  file.addEventListener('change', () => {
    if (!name.value && file.files[0]) name.value = baseName(file.files[0]);
  });
  formDialog({
    title: 'Upload a pipeline',
    confirm: 'Upload',
    fields: [
      field('Package', file, 'As the kfp compiler writes it: .yaml, .zip or .tar.gz'),
      field('Name', name, 'Left empty: the file’s name'),
      field('Description', h('input', { type: 'text', name: 'description', autocomplete: 'off' })),
    ],
    async submit(data) {
      const pipeline = await endpoints.pipelines.upload(data.file, data.name || baseName(data.file), data.description);
      toasts.success('The pipeline is uploaded.');
      navigate(pipeline?.pipeline_id ? `/pipelines/${pipeline.pipeline_id}` : '/pipelines');
    },
  });
}

/** A further version of a pipeline that exists. */
export function uploadVersion({ endpoints, toasts, navigate }, pipeline) {
  const file = fileInput();
  formDialog({
    title: 'Upload a new version',
    text: pipeline.display_name,
    confirm: 'Upload',
    fields: [
      field('Package', file),
      field(
        'Version name',
        h('input', {
          type: 'text',
          name: 'name',
          autocomplete: 'off',
          value: `version ${new Date().toISOString().slice(0, 16).replace('T', ' ')}`,
        }),
      ),
    ],
    async submit(data) {
      const version = await endpoints.pipelines.uploadVersion(pipeline.pipeline_id, data.file, data.name || baseName(data.file));
      toasts.success('The version is uploaded.');
      navigate(
        `/pipelines/${pipeline.pipeline_id}${version?.pipeline_version_id ? `?version=${version.pipeline_version_id}` : ''}`,
      );
    },
  });
}
