// Kubernetes' quantities (`500m`, `2`, `8Gi`) as numbers, and the resources that a quota names.
import { bytes } from './format.js';

const SUFFIXES = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};

export const QUANTITY_PATTERN = '[0-9]+(\\.[0-9]+)?([eE][+\\-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?';

/** The number that a quantity stands for; null where it is none. */
export function quantity(text) {
  const [, digits, suffix] = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(String(text ?? '').trim()) ?? [];
  const number = Number(digits) * SUFFIXES[suffix ?? ''];
  return Number.isFinite(number) ? number : null;
}

const MEMORY = /(^|\.)(memory|storage|ephemeral-storage)$/;

/** A quantity as it reads on screen: bytes of memory and storage in their unit, all else as a plain number. */
export function quantityText(resource, text) {
  const number = quantity(text);
  if (number === null) return String(text ?? '–');
  return MEMORY.test(resource) ? bytes(number) : String(Number(number.toPrecision(6)));
}

/** What the form asks for first: `[resource, label, example]`. */
export const COMMON_RESOURCES = [
  ['cpu', 'CPU', '4 or 500m'],
  ['memory', 'Memory', '16Gi'],
  ['requests.nvidia.com/gpu', 'GPUs', '1'],
  ['pods', 'Running tasks', '10'],
  ['requests.storage', 'Storage', '100Gi'],
  ['count/models', 'Models', '5'],
];
const SAME = {
  'requests.cpu': 'cpu',
  'requests.memory': 'memory',
  'nvidia.com/gpu': 'requests.nvidia.com/gpu',
  'count/pods': 'pods',
  models: 'count/models',
  'count/inferenceservices.serving.kserve.io': 'count/models',
};

/** `requests.cpu` and `cpu` mean the same, as in Kubernetes. */
export const commonName = (resource) => SAME[resource] ?? resource;

/** What a quota sets that is not used up: the namespace's share of the queue. */
export const isShare = (resource) => resource === 'weight';

/** A resource in words, its own name where there are none. */
export function resourceLabel(resource) {
  const known = COMMON_RESOURCES.find(([name]) => name === commonName(resource));
  if (known) return known[1];
  if (isShare(resource)) return 'Weight in the queue';
  if (resource.startsWith('count/')) {
    const [noun] = resource.slice('count/'.length).split('.');
    return noun.charAt(0).toUpperCase() + noun.slice(1);
  }
  return resource;
}
