-- What somebody declared: objects of the Kubernetes-style API. A document is the JSON text as it is served, its resourceVersion included.
CREATE TABLE resources (
    id        INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL,                -- PLURAL.GROUP; PLURAL alone in the core group
    namespace TEXT NOT NULL,                -- '' where the kind has none
    name      TEXT NOT NULL,
    uid       TEXT NOT NULL,
    version   INTEGER NOT NULL,             -- of resource_events: the last change
    document  TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX resources_by_name ON resources (kind, namespace, name);
CREATE UNIQUE INDEX resources_by_uid ON resources (uid);

-- Owners by uid, for the removal of what they own.
CREATE TABLE resource_owners (
    owner_uid   TEXT NOT NULL,
    resource_id INTEGER NOT NULL,
    PRIMARY KEY (owner_uid, resource_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_labels (
    kind        TEXT NOT NULL,
    key         TEXT NOT NULL,
    value       TEXT NOT NULL,
    resource_id INTEGER NOT NULL,
    PRIMARY KEY (kind, key, value, resource_id)
) STRICT, WITHOUT ROWID;

-- Every change, in order: the sequence behind resourceVersion, and what watchers read. Old rows are removed.
CREATE TABLE resource_events (
    version   INTEGER PRIMARY KEY AUTOINCREMENT,
    type      INTEGER NOT NULL,             -- 1 added, 2 modified, 3 deleted
    kind      TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name      TEXT NOT NULL,
    at        INTEGER NOT NULL,             -- milliseconds since 1970 UTC
    before    TEXT,                         -- JSON of what selectors saw before, where that differs
    document  TEXT NOT NULL                 -- as it is now; of a deleted one as it was last, with this version
) STRICT;
