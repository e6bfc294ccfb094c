// A dialog that makes a pod, a job or a cron job of one YAML document.
import { h } from '../dom.js';
import { field, formDialog } from './dialog.js';

const KINDS = ['Job', 'CronJob', 'Pod'];
const POD = (indent) =>
  ['restartPolicy: Never', 'containers:', '  - name: main', '    image: alpine', '    command: [echo, hello]'].map((line) => indent + line).join('\n');
const SAMPLES = {
  Job: `apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: hello-\nspec:\n  template:\n    spec:\n${POD('      ')}\n`,
  CronJob: `apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: hello\nspec:\n  schedule: "0 6 * * *"\n  timeZone: Etc/UTC\n  jobTemplate:\n    spec:\n      template:\n        spec:\n${POD('          ')}\n`,
  Pod: `apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: hello-\nspec:\n${POD('  ')}\n`,
};

/** The kind that the document names at its first level; JSON is YAML, too. */
export function kindOf(text) {
  if (/^---\s*$/m.test(text.trim().replace(/^---[^\n]*\n/, ''))) throw new Error('Give one document; this text has several.');
  const json = text.trimStart().startsWith('{');
  const kind = (json ? /"kind"\s*:\s*"([A-Za-z]+)"/ : /^kind:[ \t]*["']?([A-Za-z]+)/m).exec(text)?.[1] ?? null;
  if (!kind) throw new Error('The document names no kind.');
  if (!KINDS.includes(kind)) throw new Error(`This page makes objects of the kinds ${KINDS.join(', ')}; ${kind} is another.`);
  return kind;
}

/** `kind`: the one that the text begins with. `onCreated(object)`. */
export function createFromYaml({ endpoints, kind, onCreated }) {
  const text = h('textarea', { class: 'code', name: 'text', rows: '16', required: true, spellcheck: 'false', value: SAMPLES[kind] });
  formDialog({
    title: 'Create from YAML',
    confirm: 'Create',
    wide: true,
    fields: field('Document', text, 'One Job, CronJob or Pod of this namespace'),
    submit: (data) => endpoints.createObject(kindOf(data.text), data.text),
    done: onCreated,
  });
}
