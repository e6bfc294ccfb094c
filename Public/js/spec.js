// What a pipeline asks for, read from its specification: KFP 2 IR or an Argo Workflow from kfp 1.8.

/** The specification's documents: `{pipeline_spec, platform_spec}` holds two. */
export function documentsOf(spec) {
  if (!spec) return [];
  if (spec.pipeline_spec) return [spec.pipeline_spec, spec.platform_spec].filter((part) => part && Object.keys(part).length);
  return [spec];
}

/** `[{name, type, optional, fallback, description}]`; types are KFP's (`STRING`, `NUMBER_INTEGER` …). */
export function inputParameters(spec) {
  const [main] = documentsOf(spec);
  if (!main) return [];
  if (main.kind === 'Workflow' || main.spec?.templates) return argoParameters(main);
  const root = main.root ?? {};
  const definitions = (root.inputDefinitions ?? root.input_definitions)?.parameters ?? {};
  return Object.entries(definitions).map(([name, one]) => ({
    name,
    type: one.parameterType ?? one.parameter_type ?? OLD_TYPES[one.type] ?? 'STRING',
    optional: Boolean(one.isOptional ?? one.is_optional),
    fallback: one.defaultValue ?? one.default_value,
    description: one.description ?? '',
  }));
}

const OLD_TYPES = { INT: 'NUMBER_INTEGER', DOUBLE: 'NUMBER_DOUBLE', STRING: 'STRING' };
const ARGO_TYPES = {
  Integer: 'NUMBER_INTEGER',
  Float: 'NUMBER_DOUBLE',
  Boolean: 'BOOLEAN',
  Bool: 'BOOLEAN',
  JsonArray: 'LIST',
  JsonObject: 'STRUCT',
};

function argoParameters(workflow) {
  let described = [];
  try {
    described = JSON.parse(workflow.metadata?.annotations?.['pipelines.kubeflow.org/pipeline_spec'] ?? '{}').inputs ?? [];
  } catch {
    /* types are a courtesy here */
  }
  const more = new Map(described.map((input) => [input.name, input]));
  return (workflow.spec?.arguments?.parameters ?? []).map((one) => {
    const info = more.get(one.name) ?? {};
    const type = typeof info.type === 'string' ? (ARGO_TYPES[info.type] ?? 'STRING') : 'STRING';
    return {
      name: one.name,
      type,
      optional: one.value !== undefined,
      fallback: one.value ?? info.default,
      description: info.description ?? '',
      text: true,
    };
  });
}

/** The name that the specification gives its pipeline. */
export function specName(spec) {
  const [main] = documentsOf(spec);
  return main?.pipelineInfo?.name ?? main?.metadata?.generateName?.replace(/-$/, '') ?? main?.metadata?.name ?? null;
}

/** `{value}` or `{problem}` for what was typed into a parameter's field; `{}` leaves the parameter out. */
export function readParameter(parameter, text) {
  const trimmed = text.trim();
  if (trimmed === '' && parameter.type !== 'STRING')
    return parameter.optional || parameter.fallback !== undefined ? {} : { problem: 'A value is needed.' };
  if (parameter.type === 'STRING') {
    if (text === '' && parameter.fallback === undefined && !parameter.optional) return { problem: 'A value is needed.' };
    return text === '' && parameter.fallback === undefined ? {} : { value: text };
  }
  const parsed = parseAs(parameter.type, trimmed);
  // kfp 1.8 passes every parameter as text; the check of its form stands all the same.
  return parsed.problem || !parameter.text ? parsed : { value: trimmed };
}

function parseAs(type, text) {
  if (type === 'NUMBER_INTEGER')
    return /^[+-]?\d+$/.test(text) ? { value: Number(text) } : { problem: 'This must be a whole number.' };
  if (type === 'NUMBER_DOUBLE')
    return Number.isFinite(Number(text)) ? { value: Number(text) } : { problem: 'This must be a number.' };
  if (type === 'BOOLEAN')
    return /^(true|false)$/i.test(text) ? { value: text.toLowerCase() === 'true' } : { problem: 'This must be true or false.' };
  if (type === 'LIST' || type === 'STRUCT') {
    try {
      const value = JSON.parse(text);
      const fits = type === 'LIST' ? Array.isArray(value) : value !== null && typeof value === 'object' && !Array.isArray(value);
      return fits ? { value } : { problem: type === 'LIST' ? 'This must be a JSON array.' : 'This must be a JSON object.' };
    } catch (error) {
      return { problem: `This is not valid JSON: ${error.message}` };
    }
  }
  return { value: text };
}
