// Element builder. Data only ever enters the page through text nodes and attributes set here:
// nothing in the dashboard parses a string as HTML.

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';
const PROPERTIES = new Set([
  'value',
  'checked',
  'disabled',
  'indeterminate',
  'selected',
  'open',
  'readOnly',
  'htmlFor',
  'scrollTop',
]);

/** An HTML element. `props`: attributes, `on<Event>` listeners, `class`, `style` (object), `data` (object). */
export function h(tag, props, ...children) {
  return build(document.createElement(tag), props, children);
}

/** The same for SVG elements. */
export function s(tag, props, ...children) {
  return build(document.createElementNS(SVG_NAMESPACE, tag), props, children);
}

function build(element, props, children) {
  for (const [key, value] of Object.entries(props ?? {})) setProp(element, key, value);
  append(element, children);
  return element;
}

function setProp(element, key, value) {
  if (value === null || value === undefined || value === false) {
    if (PROPERTIES.has(key) && value === false) element[key] = false;
    return;
  }
  if (key.startsWith('on')) element.addEventListener(key.slice(2).toLowerCase(), value);
  else if (key === 'style') for (const [name, text] of Object.entries(value)) element.style.setProperty(name, text);
  else if (key === 'data')
    for (const [name, text] of Object.entries(value)) {
      if (text != null) element.dataset[name] = text;
    }
  else if (key === 'href' && !isSafeAddress(value)) return;
  else if (PROPERTIES.has(key)) element[key] = value;
  else element.setAttribute(key, value === true ? '' : String(value));
}

/** Only addresses within this server and plain web links may become a link. */
function isSafeAddress(text) {
  return /^(\/|#|\?|https?:\/\/)/.test(String(text));
}

/** Appends text, nodes and (nested) lists of them; null, undefined and false are left out. */
export function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Replaces all children. */
export function fill(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

/** Text for readers of the screen only. */
export function hidden(text) {
  return h('span', { class: 'visually-hidden' }, text);
}
