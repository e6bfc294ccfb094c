import { h } from '../dom.js';
import { ROLE_HINTS, ROLES } from '../roles.js';
import { field } from './dialog.js';

/** A picker of a role with what each lets one do. */
export function roleField(selected, label = 'Role') {
  return field(
    label,
    h(
      'select',
      { name: 'role' },
      ROLES.map((one) => h('option', { value: one, selected: one === selected }, `${one}: ${ROLE_HINTS[one].toLowerCase()}`)),
    ),
  );
}
