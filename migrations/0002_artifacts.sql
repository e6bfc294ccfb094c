-- What was made: typed metadata of artifacts, and the lineage graph of the steps that made and read them.
-- Keys are integers, as ML Metadata has them.
CREATE TABLE artifacts (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,   -- a deleted key is never given out again
    namespace    TEXT NOT NULL,
    name         TEXT NOT NULL,
    type         TEXT NOT NULL,             -- schema title, e.g. system.Model
    type_version TEXT NOT NULL DEFAULT '0.0.1',
    uri          TEXT NOT NULL,
    digest       TEXT,                      -- SHA-256 of the content in the store, if it has any
    bytes        INTEGER NOT NULL DEFAULT 0,
    is_directory INTEGER NOT NULL DEFAULT 0,
    metadata     TEXT NOT NULL DEFAULT '{}',
    run_id       TEXT,                      -- where it was made
    node_id      TEXT,
    created_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX artifacts_by_namespace ON artifacts (namespace, created_at DESC, id DESC);
CREATE INDEX artifacts_by_run ON artifacts (run_id, id);
CREATE INDEX artifacts_by_digest ON artifacts (digest) WHERE digest IS NOT NULL;

CREATE TABLE executions (
    id          INTEGER PRIMARY KEY,
    namespace   TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    node_id     TEXT NOT NULL UNIQUE,
    task_name   TEXT NOT NULL,
    state       TEXT NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER NOT NULL
) STRICT;

CREATE INDEX executions_by_run ON executions (run_id, id);

CREATE TABLE artifact_events (
    execution_id INTEGER NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    artifact_id  INTEGER NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
    direction    TEXT NOT NULL,             -- 'input' | 'output'
    name         TEXT NOT NULL,             -- the step's own name for it
    position     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (execution_id, direction, name, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX artifact_events_by_artifact ON artifact_events (artifact_id, direction);
