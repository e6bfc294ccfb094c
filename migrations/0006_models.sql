-- What is served. Whether a version is loaded is a fact of the running process, so it is not kept here.
CREATE TABLE models (
    namespace    TEXT NOT NULL,
    name         TEXT NOT NULL,
    last_version INTEGER NOT NULL,          -- the highest ever deployed: a deleted version's number is not given again
    created_at   INTEGER NOT NULL,          -- all times: milliseconds since 1970 UTC
    PRIMARY KEY (namespace, name)
) STRICT;

CREATE TABLE model_versions (
    namespace    TEXT NOT NULL,
    name         TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version >= 1),
    digest       TEXT NOT NULL,             -- SHA-256 of the model's file in the artifact store
    options      TEXT NOT NULL DEFAULT '{}', -- JSON object of the backend's load options
    artifact_id  INTEGER,                   -- where it came from, kept when that is deleted
    run_id       TEXT,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (namespace, name, version),
    FOREIGN KEY (namespace, name) REFERENCES models (namespace, name) ON DELETE CASCADE
) STRICT;
