-- How each pod of a job has ended, written with the pod's own change: a job's counts follow from these rows, also when the pods are gone.
CREATE TABLE job_pods (
    pod_uid     TEXT PRIMARY KEY,
    job_uid     TEXT NOT NULL,
    pod_name    TEXT NOT NULL,
    pod_index   INTEGER,                    -- of an indexed job
    outcome     TEXT,                       -- 'succeeded' | 'failed' | 'released': ended on the job's own wish, and not counted; NULL while it lives
    created_at  INTEGER NOT NULL,           -- milliseconds since 1970 UTC
    finished_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX job_pods_by_job ON job_pods (job_uid, created_at, pod_uid);
