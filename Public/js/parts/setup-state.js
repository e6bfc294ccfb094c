// Whether a server is new, and whether its administrator has put the set-up page away.
import { preferences } from '../state.js';

const KEY = 'setup';

export const setupIsDismissed = () => preferences.read(KEY) === 'dismissed';
export const dismissSetup = () => preferences.write(KEY, 'dismissed');

/** True for the administrator of a server with no other user, one namespace and no run. Where that cannot be read: false. */
export async function isNewServer(session, endpoints) {
  if (!session.is_admin || setupIsDismissed() || (session.namespaces ?? []).length > 1) return false;
  try {
    const [users, runs] = await Promise.all([endpoints.users.list(), endpoints.runs.list({ size: 1 })]);
    return (users.users ?? []).length <= 1 && !(runs?.runs ?? []).length;
  } catch {
    return false;
  }
}
