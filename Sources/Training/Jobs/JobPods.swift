import Core
import GRDB

/// A pod that a job has made, whether or not it is still there.
struct JobPod: Sendable, Equatable {
    /// How it has ended. The raw values are stored.
    enum Outcome: String, Sendable {
        case succeeded, failed
        /// On the job's own wish; not counted.
        case released
    }
    var uid: String
    var name: String
    /// Of an indexed job.
    var index: Int?
    var outcome: Outcome?
    var createdAt: Timestamp
    var finishedAt: Timestamp?
}

/// SQL of `job_pods`: what a job's counts follow from. Functions take the transaction that they join.
enum JobPods {
    static let indexLabel = "batch.kubernetes.io/job-completion-index"

    static func insert(_ db: GRDB.Database, _ pod: JSON, job: String, at now: Timestamp) throws {
        let index = pod["metadata"]?["annotations"]?[indexLabel]?.stringValue.flatMap(Int.init)
        try db.cachedStatement(sql: "INSERT INTO job_pods (pod_uid, job_uid, pod_name, pod_index, created_at) VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: [pod.uid, job, pod.name, index, now.milliseconds])
    }

    /// The first end counts.
    static func end(_ db: GRDB.Database, pod: String, _ outcome: JobPod.Outcome, at now: Timestamp) throws {
        try db.cachedStatement(sql: "UPDATE job_pods SET outcome = ?, finished_at = ? WHERE pod_uid = ? AND outcome IS NULL")
            .execute(arguments: [outcome.rawValue, now.milliseconds, pod])
    }

    static func list(_ db: GRDB.Database, job: String) throws -> [JobPod] {
        try Row.fetchAll(db.cachedStatement(sql: "SELECT * FROM job_pods WHERE job_uid = ? ORDER BY created_at, pod_uid"), arguments: [job]).map { row in
            JobPod(
                uid: row["pod_uid"], name: row["pod_name"], index: row["pod_index"], outcome: (row["outcome"] as String?).flatMap(JobPod.Outcome.init),
                createdAt: Timestamp(milliseconds: row["created_at"]), finishedAt: (row["finished_at"] as Int64?).map(Timestamp.init(milliseconds:)))
        }
    }

    static func forget(_ db: GRDB.Database, job: String) throws { try db.execute(sql: "DELETE FROM job_pods WHERE job_uid = ?", arguments: [job]) }

    /// The job went before its pod.
    static func forget(_ db: GRDB.Database, pod: String, ofMissing job: String) throws {
        try db.execute(sql: "DELETE FROM job_pods WHERE pod_uid = ? AND NOT EXISTS (SELECT 1 FROM resources WHERE uid = ?)", arguments: [pod, job])
    }
}
