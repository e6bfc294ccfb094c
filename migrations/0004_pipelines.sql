-- Definitions as they were uploaded, once each: versions and runs name them by digest.
CREATE TABLE pipeline_specs (
    digest     TEXT PRIMARY KEY,            -- SHA-256 of dialect, manifest and platform
    dialect    TEXT NOT NULL,               -- 'argo' | 'kfp2'
    manifest   TEXT NOT NULL,               -- JSON, key order kept
    platform   TEXT                         -- JSON of the second document, if any
) STRICT;

CREATE TABLE pipelines (
    id           TEXT PRIMARY KEY,
    namespace    TEXT NOT NULL,
    name         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description  TEXT NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL,
    UNIQUE (namespace, name)
) STRICT;

CREATE TABLE pipeline_versions (
    id           TEXT PRIMARY KEY,
    pipeline_id  TEXT NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description  TEXT NOT NULL DEFAULT '',
    spec_digest  TEXT NOT NULL REFERENCES pipeline_specs (digest),
    created_at   INTEGER NOT NULL,
    UNIQUE (pipeline_id, name)
) STRICT;

CREATE TABLE experiments (
    id            TEXT PRIMARY KEY,
    namespace     TEXT NOT NULL,
    name          TEXT NOT NULL,
    description   TEXT NOT NULL DEFAULT '',
    storage_state TEXT NOT NULL DEFAULT 'available',   -- 'available' | 'archived'
    created_at    INTEGER NOT NULL,
    last_run_at   INTEGER,
    UNIQUE (namespace, name)
) STRICT;
