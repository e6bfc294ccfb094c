// The pipeline that comes with the dashboard: uploaded and run as a user would.

const FILE = '/sample-pipeline.yaml';
const NAME = 'hello';
const EXPERIMENT = 'Default';

/** Uploads the sample where the namespace has it not, starts a run, and answers the run's id. */
export async function runSample(endpoints) {
  const pipeline = (await find(endpoints)) ?? (await upload(endpoints));
  const versions = (await endpoints.pipelines.versions(pipeline.pipeline_id))?.pipeline_versions ?? [];
  const listed = (await endpoints.experiments.list({ size: 200 }))?.experiments ?? [];
  const experiment = listed.find((one) => one.display_name === EXPERIMENT) ?? listed[0] ?? (await endpoints.experiments.create(EXPERIMENT, ''));
  const run = await endpoints.runs.create({
    display_name: NAME,
    experiment_id: experiment.experiment_id,
    pipeline_version_reference: { pipeline_id: pipeline.pipeline_id, pipeline_version_id: versions[0]?.pipeline_version_id },
  });
  return run.run_id;
}

async function find(endpoints) {
  const listed = (await endpoints.pipelines.list({ name: NAME, size: 100 }))?.pipelines ?? [];
  return listed.find((one) => (one.display_name || one.name) === NAME) ?? null;
}

async function upload(endpoints) {
  const text = await endpoints.system.file(FILE);
  return endpoints.pipelines.upload(new File([text], 'hello.yaml', { type: 'application/yaml' }), NAME, 'The sample that comes with Monoflow');
}
