// A dialog that makes a pod, a job or a cron job of one YAML document.
import { h } from '../dom.js';
import { field, formDialog } from './dialog.js';

const KINDS = ['Job', 'CronJob', 'Pod'];
const POD = ['restartPolicy: Never', 'containers:', '  - name: main', '    image: alpine', '    command: [echo, hello]'];
const text = (head, indent) => [...head, ...POD.map((line) => ' '.repeat(indent) + line), ''].join('\n');
const SAMPLES = {
  Job: text(['apiVersion: batch/v1', 'kind: Job', 'metadata:', '  generateName: hello-', 'spec:', '  template:', '    spec:'], 6),
  CronJob: text(
    [
      'apiVersion: batch/v1',
      'kind: CronJob',
      'metadata:',
      '  name: hello',
      'spec:',
      '  schedule: "0 6 * * *"',
      '  timeZone: Etc/UTC',
      '  jobTemplate:',
      '    spec:',
      '      template:',
      '        spec:',
    ],
    10,
  ),
  Pod: text(['apiVersion: v1', 'kind: Pod', 'metadata:', '  generateName: hello-', 'spec:'], 2),
};

/** The kind that the document names at its first level; JSON is YAML, too. */
export function kindOf(document) {
  if (/^---\s*$/m.test(document.trim().replace(/^---[^\n]*\n/, ''))) throw new Error('Give one document; this text has several.');
  const isJSON = document.trimStart().startsWith('{');
  const kind = isJSON ? JSON.parse(document).kind : /^kind:[ \t]*["']?([A-Za-z]+)/m.exec(document)?.[1];
  if (!kind) throw new Error('The document names no kind.');
  if (!KINDS.includes(kind)) throw new Error(`This page makes objects of the kinds ${KINDS.join(', ')}; ${kind} is another.`);
  return kind;
}

/** `kind`: the one that the text begins with. `onCreated(object)`. */
export function createFromYaml({ endpoints, kind, onCreated }) {
  const input = h('textarea', { class: 'code', name: 'text', rows: '16', required: true, spellcheck: 'false', value: SAMPLES[kind] });
  formDialog({
    title: 'Create from YAML',
    confirm: 'Create',
    wide: true,
    fields: field('Document', input, 'One Job, CronJob or Pod of this namespace'),
    submit: (data) => endpoints.createObject(kindOf(data.text), data.text),
    done: onCreated,
  });
}
