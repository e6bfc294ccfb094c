// One pipeline: its versions, the graph of the chosen one, its specification and parameters.
import { fill, h } from '../dom.js';
import { icon } from '../icons.js';
import { button, pageHeader } from '../parts/basics.js';
import { confirmDialog } from '../parts/dialog.js';
import { emptyState, errorState } from '../parts/feedback.js';
import { drawVersion } from './pipeline-version.js';
import { uploadVersion } from './pipelines.js';

export default async function pipelinePage(context) {
  const { params, endpoints, signal, title, query, setQuery, toasts, navigate } = context;
  const [pipeline, listed] = await Promise.all([
    endpoints.pipelines.get(params.id, { signal }),
    endpoints.pipelines.versions(params.id, { signal }),
  ]);
  const name = pipeline.display_name || pipeline.name;
  title(name);
  const versions = listed?.pipeline_versions ?? [];
  let version = versions.find((one) => one.pipeline_version_id === query.get('version')) ?? versions[0] ?? null;
  const body = h('div', { class: 'page-body' });
  const runLink = h('a', { class: 'button primary' }, icon('runs'), 'Create run');

  const picker = h(
    'select',
    {
      'aria-label': 'Version',
      onChange(event) {
        version = versions.find((one) => one.pipeline_version_id === event.target.value);
        setQuery({ version: version.pipeline_version_id });
        draw();
      },
    },
    versions.map((one) =>
      h(
        'option',
        { value: one.pipeline_version_id, selected: one === version },
        one.display_name || one.name || one.pipeline_version_id,
      ),
    ),
  );

  let leave = () => {};
  signal.addEventListener('abort', () => leave());
  async function draw() {
    leave();
    if (!version) {
      fill(body, emptyState('This pipeline has no version', 'Upload a package to give it one.'));
      runLink.hidden = true;
      return;
    }
    runLink.setAttribute(
      'href',
      `/new-run?pipeline=${encodeURIComponent(params.id)}&version=${encodeURIComponent(version.pipeline_version_id)}`,
    );
    const mine = version;
    try {
      const full = version.pipeline_spec
        ? version
        : await endpoints.pipelines.version(params.id, version.pipeline_version_id, { signal });
      if (mine === version && !signal.aborted) leave = drawVersion(context, body, pipeline, full);
    } catch (error) {
      if (!signal.aborted) fill(body, errorState(error, draw));
    }
  }
  await draw();

  async function remove() {
    if (
      !(await confirmDialog({
        title: `Delete the pipeline ${name}?`,
        text: 'All its versions go with it. Runs that were made from it stay.',
        confirm: 'Delete',
        danger: true,
      }))
    )
      return;
    try {
      await endpoints.pipelines.remove(params.id);
      toasts.success('The pipeline is deleted.');
      navigate('/pipelines');
    } catch (error) {
      toasts.failure(error);
    }
  }
  return h(
    'div',
    { class: 'page page-full' },
    pageHeader({
      crumbs: [['Pipelines', '/pipelines']],
      title: name,
      aside: versions.length ? picker : null,
      actions: [
        button('New version', { icon: 'upload', onClick: () => uploadVersion(context, pipeline) }),
        button('Delete', { icon: 'trash', onClick: remove }),
        runLink,
      ],
    }),
    body,
  );
}
