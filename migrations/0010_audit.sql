-- What a token is limited to, within its user's roles.
ALTER TABLE tokens ADD COLUMN namespaces TEXT;                      -- JSON array of names; NULL: all of the user's
ALTER TABLE tokens ADD COLUMN role TEXT;                            -- the highest, 'editor' | 'viewer' | 'predict'; NULL: the user's own
ALTER TABLE tokens ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN requests_per_minute INTEGER;          -- NULL: no limit

-- Every write request, and every one that was denied. Old rows are removed.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,            -- milliseconds since 1970 UTC
    user       TEXT NOT NULL,               -- '' where the caller is unknown
    token_id   TEXT,
    method     TEXT NOT NULL,
    route      TEXT NOT NULL,               -- the route's pattern
    path       TEXT NOT NULL,               -- without the query
    namespace  TEXT NOT NULL,               -- '' where unknown
    status     INTEGER NOT NULL,
    peer       TEXT NOT NULL,
    request_id TEXT,
    dropped    INTEGER NOT NULL             -- rows that were lost before this one
) STRICT;

CREATE INDEX audit_by_namespace ON audit (namespace, id);
CREATE INDEX audit_by_user ON audit (user, id);
