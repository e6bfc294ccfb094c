// The form that starts a run: from a pipeline version, or as a clone of another run.
import { fill, h } from '../dom.js';
import { pageHeader } from '../parts/basics.js';
import { field } from '../parts/dialog.js';
import { asyncRegion, emptyState } from '../parts/feedback.js';
import { parameterForm } from '../parts/parameter-form.js';
import { inputParameters, specName } from '../spec.js';

export default async function newRunPage(context) {
  const { endpoints, query, signal, title } = context;
  title('New run');
  const clone = query.get('clone') ? await endpoints.runs.get(query.get('clone'), { signal }) : null;
  const reference = clone?.pipeline_version_reference;
  const start = {
    pipeline: query.get('pipeline') ?? reference?.pipeline_id ?? '',
    version: query.get('version') ?? reference?.pipeline_version_id ?? '',
  };
  const head = pageHeader({ crumbs: [['Runs', '/runs']], title: clone ? `Clone ${clone.display_name}` : 'New run' });
  // A run submitted as a package has no pipeline to choose: its own specification is sent again.
  const ownSpec = clone?.pipeline_spec && !reference?.pipeline_id ? clone.pipeline_spec : null;
  const form = ownSpec
    ? await runForm(context, { spec: ownSpec, source: { pipeline_spec: ownSpec }, clone, title: specName(ownSpec) })
    : await chooser(context, start, clone);
  return h('div', { class: 'page page-narrow' }, head, form);
}

/** Pipeline and version pickers over the form of what is chosen. */
async function chooser(context, start, clone) {
  const { endpoints, signal, setQuery } = context;
  const listed = (await endpoints.pipelines.list({ size: 200, signal }))?.pipelines ?? [];
  if (!listed.length)
    return emptyState(
      'No pipelines yet',
      'A run needs a pipeline: upload one first.',
      h('a', { class: 'button primary', href: '/pipelines' }, 'Go to pipelines'),
    );
  let chosen =
    listed.find((one) => one.pipeline_id === start.pipeline) ??
    (start.pipeline ? await endpoints.pipelines.get(start.pipeline, { signal }) : listed[0]);
  const options =
    listed.includes(chosen) || listed.some((one) => one.pipeline_id === chosen.pipeline_id) ? listed : [chosen, ...listed];
  let versionId = start.version;
  const stage = h('div', { class: 'form-stage' });
  const draw = () =>
    fill(
      stage,
      asyncRegion(async () => {
        const versions = (await endpoints.pipelines.versions(chosen.pipeline_id, { signal }))?.pipeline_versions ?? [];
        const version = versions.find((one) => one.pipeline_version_id === versionId) ?? versions[0];
        if (!version) return emptyState('This pipeline has no version', 'Upload a package to give it one.');
        const full = version.pipeline_spec
          ? version
          : await endpoints.pipelines.version(chosen.pipeline_id, version.pipeline_version_id, { signal });
        const picker = h(
          'select',
          {
            onChange(event) {
              versionId = event.target.value;
              setQuery({ version: versionId });
              draw();
            },
          },
          versions.map((one) =>
            h('option', { value: one.pipeline_version_id, selected: one === version }, one.display_name || one.name),
          ),
        );
        return [
          field('Version', picker),
          await runForm(context, {
            spec: full.pipeline_spec,
            clone,
            title: chosen.display_name || chosen.name,
            source: {
              pipeline_version_reference: { pipeline_id: chosen.pipeline_id, pipeline_version_id: version.pipeline_version_id },
            },
          }),
        ];
      }).element,
    );
  draw();
  const picker = h(
    'select',
    {
      onChange(event) {
        chosen = options.find((one) => one.pipeline_id === event.target.value);
        versionId = '';
        setQuery({ pipeline: chosen.pipeline_id, version: null });
        draw();
      },
    },
    options.map((one) =>
      h('option', { value: one.pipeline_id, selected: one.pipeline_id === chosen.pipeline_id }, one.display_name || one.name),
    ),
  );
  return h('div', { class: 'form' }, field('Pipeline', picker), stage);
}

async function runForm({ endpoints, signal, navigate, toasts, query }, { spec, source, clone, title }) {
  const experiments = (await endpoints.experiments.list({ size: 200, signal }))?.experiments ?? [];
  const wanted =
    query.get('experiment') ??
    clone?.experiment_id ??
    experiments.find((one) => one.display_name === 'Default')?.experiment_id ??
    '';
  const stamp = new Date().toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });
  const name = h('input', {
    type: 'text',
    required: true,
    value: clone ? `Clone of ${clone.display_name}` : `${title ?? 'run'} ${stamp}`,
  });
  const description = h('input', { type: 'text', autocomplete: 'off' });
  const experiment = h(
    'select',
    null,
    wanted ? null : h('option', { value: '' }, 'Default'),
    experiments.map((one) => h('option', { value: one.experiment_id, selected: one.experiment_id === wanted }, one.display_name)),
  );
  const parameters = parameterForm(inputParameters(spec), clone?.runtime_config?.parameters ?? {});
  const problem = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const send = h('button', { class: 'button primary' }, 'Start run');

  async function submit(event) {
    event.preventDefault();
    const values = parameters.read();
    if (!values) return;
    send.disabled = true;
    problem.hidden = true;
    try {
      const run = await endpoints.runs.create({
        display_name: name.value.trim(),
        description: description.value.trim() || undefined,
        experiment_id: experiment.value || undefined,
        ...source,
        runtime_config: { parameters: values },
      });
      toasts.success('The run has started.');
      navigate(`/runs/${run.run_id}`);
    } catch (error) {
      problem.textContent = [error.message, error.hint].filter(Boolean).join(' ');
      problem.hidden = false;
    } finally {
      send.disabled = false;
    }
  }
  return h(
    'form',
    { class: 'form', onSubmit: submit },
    field('Run name', name),
    field('Description', description),
    field('Experiment', experiment),
    h('fieldset', { class: 'group' }, h('legend', null, 'Parameters'), parameters.element),
    problem,
    h('div', { class: 'form-actions' }, h('a', { class: 'button', href: '/runs' }, 'Cancel'), send),
  );
}
