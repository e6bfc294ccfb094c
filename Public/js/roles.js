// What a role in a namespace lets its holder do. The server decides; this only spares users buttons that would be refused.

export const ROLES = ['owner', 'editor', 'viewer', 'predict'];

export const ROLE_HINTS = {
  owner: 'Everything, members and settings included',
  editor: 'Start runs, change what is in the namespace',
  viewer: 'Look at everything but secrets',
  predict: 'Ask models, nothing else',
};

/** The caller's role in a namespace; null without one. An administrator is an owner everywhere. */
export function roleIn(session, name) {
  const listed = (session?.namespaces ?? []).find((one) => one.name === name)?.role;
  return listed ?? (session?.is_admin ? 'owner' : null);
}

export const canWrite = (role) => role === 'owner' || role === 'editor';
export const canAdminister = (role) => role === 'owner';
export const canRead = (role) => role !== null && role !== 'predict';
