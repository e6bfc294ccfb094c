-- What runs: one row for each attempt of a step (and later of each trial, replica, notebook, worker).
CREATE TABLE tasks (
    id          TEXT PRIMARY KEY,
    namespace   TEXT NOT NULL,
    owner_kind  TEXT NOT NULL,              -- 'run'
    owner_id    TEXT NOT NULL,
    node_id     TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    spec        TEXT NOT NULL,              -- JSON
    state       TEXT NOT NULL,
    executor    TEXT NOT NULL,
    handle      TEXT,                       -- JSON, once started
    exit        TEXT,                       -- JSON, once ended
    message     TEXT NOT NULL DEFAULT '',
    not_before  INTEGER,                    -- all times: milliseconds since 1970 UTC
    created_at  INTEGER NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER
) STRICT;

CREATE INDEX tasks_by_owner ON tasks (owner_kind, owner_id, node_id, attempt);
CREATE INDEX tasks_alive ON tasks (created_at) WHERE state IN ('pending', 'admitted', 'starting', 'running');
