// Try-it form: an Open Inference request as JSON, a drawing pad where the model looks like one for
// small pictures, and the answer as a table.
import { fill, h } from '../dom.js';
import { value } from '../format.js';
import { button } from '../parts/basics.js';
import { pixelPad } from '../parts/pixel-pad.js';

const MOST_VALUES = 100000;
const SHOWN = 64;

const shapeOf = (input) => (input.shape ?? []).map((size) => (Number(size) < 1 ? 1 : Number(size)));
const count = (shape) => shape.reduce((product, size) => product * size, 1);
const zero = (datatype) => (datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : 0);

/** The smallest valid request: open dimensions are 1, all values zero. */
export function zeroRequest(model) {
  return {
    inputs: model.inputs.map((input) => {
      const shape = shapeOf(input);
      return {
        name: input.name,
        shape,
        datatype: input.datatype,
        data: new Array(Math.min(MOST_VALUES, count(shape))).fill(zero(input.datatype)),
      };
    }),
  };
}

/** Pretty-printed, but each row of numbers on one line. */
function requestText(request) {
  const inputs = request.inputs.map((input) => {
    const width = input.shape.at(-1) === 64 ? 8 : Math.min(input.shape.at(-1) || 1, 16);
    const rows = [];
    for (let at = 0; at < input.data.length; at += width)
      rows.push(
        input.data
          .slice(at, at + width)
          .map((one) => JSON.stringify(one))
          .join(', '),
      );
    const data = rows.length > 1 ? `[\n        ${rows.join(',\n        ')}\n      ]` : `[${rows[0] ?? ''}]`;
    return `    {\n      "name": ${JSON.stringify(input.name)},\n      "shape": ${JSON.stringify(input.shape)},\n      "datatype": ${JSON.stringify(input.datatype)},\n      "data": ${data}\n    }`;
  });
  return `{\n  "inputs": [\n${inputs.join(',\n')}\n  ]\n}`;
}

const isPicture = (model) =>
  model.inputs.length === 1 && count(shapeOf(model.inputs[0])) === 64 && /^(FP|U?INT)/.test(model.inputs[0].datatype);

export function tryModel({ endpoints }, model) {
  const request = zeroRequest(model);
  const editor = h('textarea', {
    class: 'code',
    rows: 16,
    spellcheck: 'false',
    'aria-label': 'Request (JSON)',
    value: requestText(request),
  });
  const version = h(
    'select',
    { 'aria-label': 'Version' },
    h('option', { value: '' }, `default (${model.default_version ?? '–'})`),
    (model.versions ?? []).map((one) => h('option', { value: one.version }, `version ${one.version}`)),
  );
  const result = h('div', { class: 'try-result', 'aria-live': 'polite' }, h('p', { class: 'muted' }, 'The answer appears here.'));
  const send = button('Send', { icon: 'runs', kind: 'primary', onClick: () => infer() });

  async function infer() {
    let body;
    try {
      body = JSON.parse(editor.value);
    } catch (error) {
      fill(result, h('p', { class: 'message', data: { state: 'Failed' } }, `The request is not valid JSON: ${error.message}`));
      return;
    }
    send.disabled = true;
    const started = performance.now();
    try {
      const answer = await endpoints.models.infer(model.name, version.value || null, JSON.stringify(body));
      fill(result, answerView(answer, performance.now() - started));
    } catch (error) {
      fill(
        result,
        h('p', { class: 'message', data: { state: 'Failed' }, role: 'alert' }, error.message, error.hint ? ` ${error.hint}` : ''),
      );
    } finally {
      send.disabled = false;
    }
  }

  const pad = isPicture(model)
    ? pixelPad((values) => {
        request.inputs[0].data = values;
        editor.value = requestText(request);
        infer();
      })
    : null;
  editor.addEventListener('change', () => {
    try {
      pad?.set(JSON.parse(editor.value).inputs[0].data.flat(Infinity));
    } catch {
      /* half-typed JSON: the pad keeps its picture */
    }
  });
  return h(
    'div',
    { class: 'try' },
    pad
      ? h(
          'div',
          { class: 'try-pad' },
          pad.element,
          h('div', { class: 'form-actions' }, button('Clear', { kind: 'small', onClick: () => pad.clear() })),
          h('p', { class: 'hint' }, 'Draw; a second stroke over full ink erases.'),
        )
      : null,
    h(
      'div',
      { class: 'try-request' },
      editor,
      h(
        'div',
        { class: 'form-actions' },
        version,
        button('Reset', {
          onClick: () => {
            editor.value = requestText(zeroRequest(model));
            pad?.set(new Array(64).fill(0));
          },
        }),
        send,
      ),
    ),
    result,
  );
}

function answerView(answer, milliseconds) {
  return [
    h(
      'p',
      { class: 'muted' },
      `Version ${answer.model_version ?? '–'} answered in `,
      h('strong', { class: 'number' }, `${milliseconds.toFixed(1)} ms`),
      ' (round trip)',
    ),
    (answer.outputs ?? []).map(outputTable),
    h(
      'details',
      null,
      h('summary', null, 'Raw answer'),
      h('pre', { class: 'command', tabindex: '0' }, JSON.stringify(answer, null, 2)),
    ),
  ];
}

/** One output as index/value rows with bars; the largest of several numbers is marked. */
function outputTable(output) {
  const data = (output.data ?? []).flat(Infinity);
  const numeric = data.length > 1 && data.every((one) => typeof one === 'number');
  const largest = numeric ? Math.max(...data) : null;
  const scale = numeric ? Math.max(...data.map(Math.abs)) || 1 : 1;
  return h(
    'table',
    { class: 'pairs output', 'aria-label': `Output ${output.name}` },
    h('caption', null, output.name, h('span', { class: 'muted' }, ` ${output.datatype}[${(output.shape ?? []).join(', ')}]`)),
    h(
      'tbody',
      null,
      data
        .slice(0, SHOWN)
        .map((one, index) =>
          h(
            'tr',
            { class: numeric && one === largest ? 'best' : null },
            h('th', { scope: 'row' }, index),
            h(
              'td',
              { class: 'number' },
              value(one),
              numeric ? h('span', { class: 'meter', style: { '--share': String(Math.max(0, one / scale)) } }) : null,
            ),
          ),
        ),
    ),
    data.length > SHOWN
      ? h('tfoot', null, h('tr', null, h('td', { colspan: 2, class: 'muted' }, `and ${data.length - SHOWN} more`)))
      : null,
  );
}
