-- Groups, roles of others than known users, service accounts, and namespaces on their way out.
CREATE TABLE user_groups (
    name       TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL             -- milliseconds since 1970 UTC
) STRICT, WITHOUT ROWID;

CREATE TABLE group_members (
    group_name TEXT NOT NULL REFERENCES user_groups (name) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_name, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_members_by_user ON group_members (user_id);

-- A group need not be in user_groups: it may come from outside. A user's row waits for the user of that name to be created.
CREATE TABLE bound_roles (
    namespace TEXT NOT NULL REFERENCES namespaces (name) ON DELETE CASCADE,
    kind      TEXT NOT NULL,                -- 'User' | 'Group' | 'ServiceAccount'
    name      TEXT NOT NULL,                -- of a service account: NAMESPACE:NAME
    role      TEXT NOT NULL,                -- as in roles
    PRIMARY KEY (namespace, kind, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX bound_roles_by_subject ON bound_roles (kind, name);

CREATE TABLE service_accounts (
    namespace TEXT NOT NULL REFERENCES namespaces (name) ON DELETE CASCADE,
    name      TEXT NOT NULL,
    uid       TEXT NOT NULL,                -- of its object: an account that is made anew is another one
    PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE namespaces ADD COLUMN state INTEGER NOT NULL DEFAULT 0;     -- 0 active, 1 terminating, 2 emptied
