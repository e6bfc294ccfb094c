// A limited resource as a bar: how much of it is used.
import { h } from '../dom.js';
import { isShare, quantity, quantityText, resourceLabel } from '../quantities.js';

const NEARLY = 0.85;

/** `hard` and `used`: quantities by resource, as a ResourceQuota's status has them. */
export function usageBars(hard, used) {
  return h(
    'ul',
    { class: 'usage' },
    Object.keys(hard)
      .sort()
      .map((resource) =>
        isShare(resource)
          ? h('li', { class: 'usage-row' }, h('span', { class: 'usage-name' }, resourceLabel(resource)), h('span', null, String(hard[resource])))
          : usageBar(resource, hard[resource], used?.[resource] ?? null),
      ),
  );
}

function usageBar(resource, hard, used) {
  const most = quantity(hard);
  const now = quantity(used);
  const share = most > 0 && now !== null ? Math.min(now / most, 1) : now > 0 ? 1 : 0;
  const tone = share >= 1 ? 'full' : share >= NEARLY ? 'nearly' : 'free';
  const text = `${used === null ? 'unknown' : quantityText(resource, used)} of ${quantityText(resource, hard)}`;
  return h(
    'li',
    { class: 'usage-row', data: { tone } },
    h('span', { class: 'usage-name', title: resource }, resourceLabel(resource)),
    h(
      'span',
      {
        class: 'usage-track',
        role: 'meter',
        'aria-label': resourceLabel(resource),
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        'aria-valuenow': Math.round(share * 100),
        'aria-valuetext': text,
      },
      h('span', { class: 'usage-fill', style: { '--share': String(share) } }),
    ),
    h('span', { class: 'number usage-text' }, text, share >= 1 ? h('span', { class: 'usage-note' }, 'used up') : null),
  );
}
