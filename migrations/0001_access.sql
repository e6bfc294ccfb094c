-- Who may do what. Secrets (tokens, session cookies) are kept as SHA-256 of their text, never as text.
-- All times: milliseconds since 1970 UTC.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE namespaces (
    name       TEXT PRIMARY KEY,            -- a DNS-1123 label
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    home_namespace TEXT NOT NULL REFERENCES namespaces (name),
    is_admin       INTEGER NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE roles (
    user_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    namespace TEXT NOT NULL REFERENCES namespaces (name) ON DELETE CASCADE,
    role      TEXT NOT NULL,                -- 'owner' | 'editor' | 'viewer' | 'predict'
    PRIMARY KEY (user_id, namespace)
) STRICT, WITHOUT ROWID;

CREATE INDEX roles_by_namespace ON roles (namespace);

CREATE TABLE tokens (
    id           TEXT PRIMARY KEY,
    hash         BLOB NOT NULL UNIQUE,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER                    -- to the minute or so
) STRICT;

CREATE INDEX tokens_by_user ON tokens (user_id);

-- The dashboard's cookies. One lives no longer than the token that it was opened with.
CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY,
    token_id   TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_token ON sessions (token_id, created_at);
