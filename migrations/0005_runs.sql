CREATE TABLE runs (
    id             TEXT PRIMARY KEY,
    namespace      TEXT NOT NULL,
    experiment_id  TEXT NOT NULL REFERENCES experiments (id),
    pipeline_id    TEXT,                    -- kept when the pipeline is deleted
    version_id     TEXT,
    name           TEXT NOT NULL,           -- display name
    workflow_name  TEXT NOT NULL,
    description    TEXT NOT NULL DEFAULT '',
    service_account TEXT NOT NULL DEFAULT '',
    spec_digest    TEXT NOT NULL REFERENCES pipeline_specs (digest),
    pipeline_name  TEXT NOT NULL,
    parameters     TEXT NOT NULL,           -- JSON object as given
    state          TEXT NOT NULL,           -- 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled'
    message        TEXT NOT NULL DEFAULT '',
    storage_state  TEXT NOT NULL DEFAULT 'available',
    terminating    INTEGER NOT NULL DEFAULT 0,
    created_at     INTEGER NOT NULL,
    started_at     INTEGER,
    finished_at    INTEGER
) STRICT;

CREATE INDEX runs_by_namespace ON runs (namespace, created_at DESC, id);
CREATE INDEX runs_by_experiment ON runs (experiment_id, created_at DESC, id);
CREATE INDEX runs_alive ON runs (created_at) WHERE state IN ('pending', 'running');

CREATE TABLE run_nodes (
    id           TEXT PRIMARY KEY,
    run_id       TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    parent_id    TEXT,
    ordinal      INTEGER NOT NULL,
    task_name    TEXT NOT NULL,
    display_name TEXT NOT NULL,
    template     TEXT NOT NULL,
    kind         TEXT NOT NULL,             -- 'container' | 'dag' | 'loop' | 'importer'
    iteration    INTEGER,
    phase        TEXT NOT NULL,
    message      TEXT NOT NULL DEFAULT '',
    attempts     INTEGER NOT NULL DEFAULT 0,
    detail       TEXT NOT NULL,             -- JSON: item, inputs, outputs and artifacts
    created_at   INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER
) STRICT;

CREATE INDEX run_nodes_by_run ON run_nodes (run_id, ordinal);
