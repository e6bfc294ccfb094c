-- Results that an equal step may reuse: which step of which run has made them. The values are the node's own; deleting
-- its run forgets them.
CREATE TABLE step_results (
    node_id    TEXT PRIMARY KEY REFERENCES run_nodes (id) ON DELETE CASCADE,
    namespace  TEXT NOT NULL,
    key        TEXT NOT NULL,               -- SHA-256 of what the step is and what it was given
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX step_results_by_key ON step_results (namespace, key, created_at DESC);
