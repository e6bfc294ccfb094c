// Fields for a pipeline's input parameters, checked by their types before anything is sent.
import { h } from '../dom.js';
import { readParameter } from '../spec.js';

const KINDS = {
  STRING: 'text',
  NUMBER_INTEGER: 'integer',
  NUMBER_DOUBLE: 'number',
  BOOLEAN: 'true or false',
  LIST: 'JSON array',
  STRUCT: 'JSON object',
};

const shown = (any) =>
  any === undefined || any === null
    ? ''
    : typeof any === 'string'
      ? any
      : JSON.stringify(any, null, typeof any === 'object' ? 2 : 0);

/** `{element, read()}`: `read` answers the parameters' values, or null after marking what is wrong. */
export function parameterForm(parameters, given = {}) {
  const fields = parameters.map((parameter) => parameterField(parameter, given[parameter.name] ?? parameter.fallback));
  return {
    element: parameters.length
      ? h(
          'div',
          { class: 'parameters' },
          fields.map((one) => one.element),
        )
      : h('p', { class: 'muted' }, 'This pipeline takes no parameters.'),
    read() {
      const values = {};
      let first = null;
      for (const one of fields) {
        const result = one.read();
        if (result.problem) first ??= one;
        else if ('value' in result) values[one.name] = result.value;
      }
      first?.focus();
      return first ? null : values;
    },
  };
}

function parameterField(parameter, start) {
  const id = `parameter-${parameter.name}`;
  const problem = h('span', { class: 'field-problem', id: `${id}-problem`, role: 'alert' });
  const common = { id, 'aria-describedby': `${id}-problem`, spellcheck: 'false', autocomplete: 'off' };
  const text = shown(start);
  const input =
    parameter.type === 'BOOLEAN'
      ? h(
          'select',
          common,
          [parameter.optional || start === undefined ? '' : null, 'true', 'false']
            .filter((one) => one !== null)
            .map((one) => h('option', { value: one, selected: one === text.toLowerCase() }, one || 'not set')),
        )
      : parameter.type === 'LIST' || parameter.type === 'STRUCT' || text.includes('\n')
        ? h('textarea', { ...common, rows: 4, class: 'code', value: text })
        : h('input', { ...common, type: 'text', inputmode: parameter.type.startsWith('NUMBER') ? 'decimal' : null, value: text });
  input.addEventListener('input', () => {
    problem.textContent = '';
    input.removeAttribute('aria-invalid');
  });
  return {
    name: parameter.name,
    focus: () => input.focus(),
    read() {
      const result = readParameter(parameter, input.value);
      problem.textContent = result.problem ?? '';
      input.setAttribute('aria-invalid', String(Boolean(result.problem)));
      return result;
    },
    element: h(
      'div',
      { class: 'field' },
      h(
        'label',
        { for: id, class: 'field-label' },
        parameter.name,
        h('span', { class: 'muted' }, ` ${KINDS[parameter.type] ?? parameter.type}${parameter.optional ? ', optional' : ''}`),
      ),
      input,
      parameter.description ? h('span', { class: 'hint' }, parameter.description) : null,
      problem,
    ),
  };
}
