import Core
import GRDB
import Resources

/// The kind `jobs.batch`: what a job must be, and its traces in the database.
struct JobRules: KindRules {
    static let kind = "jobs.batch"
    static let uidLabel = "batch.kubernetes.io/controller-uid"
    private static let largestIndex = 100_000

    let context: TrainingContext

    func complete(_ change: inout ResourceChange) throws(MonoflowError) {
        if change.subresource == .status { throw PodRules.statusIsOurs(change.key) }
        guard change.operation != .remove else { return }
        var spec = change.new["spec"] ?? [:]
        if let old = change.old {
            // What the server has put in need not be sent again.
            if spec["selector"] == nil { spec["selector"] = old["spec"]?["selector"] }
            if spec["completions"] == nil { spec["completions"] = old["spec"]?["completions"] }
            for (label, value) in Self.labels(change.new) where spec["template"]?["metadata"]?["labels"]?[label] == nil { Self.setLabel(&spec, label, value) }
        } else {
            // Clients look into the status without asking whether there is one.
            change.new["status"] = [:]
            if spec["completions"] == nil, spec["parallelism"]?.intValue ?? 1 == 1 { spec["completions"] = 1 }
            for (label, value) in Self.labels(change.new) { Self.setLabel(&spec, label, value) }
            if spec["manualSelector"]?.boolValue != true { spec["selector"] = ["matchLabels": [Self.uidLabel: .string(change.new.uid)]] }
        }
        change.new["spec"] = spec
    }

    private static func labels(_ job: JSON) -> [(String, String)] {
        [(uidLabel, job.uid), ("batch.kubernetes.io/job-name", job.name), ("controller-uid", job.uid), ("job-name", job.name)]
    }

    private static func setLabel(_ spec: inout JSON, _ label: String, _ value: String) {
        var metadata = spec["template"]?["metadata"] ?? [:], labels = metadata["labels"] ?? [:]
        // A label's value is shorter than a name may be.
        labels[label] = .string(String(value.prefix(Names.labelLimit)))
        metadata["labels"] = labels
        spec["template"]?["metadata"] = metadata
    }

    func errors(_ change: ResourceChange) -> [FieldError] {
        guard change.operation != .remove else { return [] }
        let path = FieldPath().field("spec"), spec = change.new["spec"] ?? [:]
        var errors = Self.errors(of: spec, at: path, capacity: context.capacity)
        guard let old = change.old?["spec"] else { return errors }
        for field in ["selector", "completionMode", "completions", "manualSelector"] where !Self.isSame(spec[field], old[field]) {
            errors.append(.invalid(path.field(field), spec[field] ?? .null, "field is immutable"))
        }
        // The template of a job that has not begun may still change.
        let isWaiting = old["suspend"]?.boolValue == true && change.old?["status"]?["startTime"] == nil
        if !isWaiting, !Self.isSame(spec["template"], old["template"]) {
            errors.append(FieldError(path.field("template"), .invalid, "Invalid value: field is immutable"))
        }
        return errors
    }

    private static func isSame(_ a: JSON?, _ b: JSON?) -> Bool { (a ?? .null).isEqualValue(to: b ?? .null) }

    /// What is wrong with a job's spec, of a job or of a cron job's template.
    static func errors(of spec: JSON, at path: FieldPath, capacity: PodReader.Capacity) -> [FieldError] {
        var errors: [FieldError] = []
        for field in ["podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "maxFailedIndexes"] where spec[field] != nil && spec[field] != .null {
            errors.append(FieldError(path.field(field), .notSupported, "Unsupported value: this field is not supported"))
        }
        if let manager = spec["managedBy"]?.stringValue, manager != "kubernetes.io/job-controller" {
            errors.append(.notSupported(path.field("managedBy"), .string(manager), ["kubernetes.io/job-controller"]))
        }
        if spec["manualSelector"]?.boolValue == true {
            errors.append(FieldError(path.field("manualSelector"), .notSupported, "Unsupported value: a job's pods are those that it has made"))
        }
        if spec["completionMode"]?.stringValue == "Indexed" {
            guard let completions = spec["completions"]?.intValue else { return errors + [.required(path.field("completions"), "when completion mode is Indexed")] }
            if completions > largestIndex { errors.append(.invalid(path.field("completions"), .int(completions), "must be less than or equal to \(largestIndex)")) }
        }
        var template = spec["template"] ?? [:]
        for field in ["labels", "annotations"] { if template["metadata"]?[field]?.isNull == true { template["metadata"]?[field] = nil } }
        return errors + PodReader(capacity: capacity, isTemplate: true, root: path.field("template")).errors(of: template)
    }

    func write(_ db: GRDB.Database, _ change: ResourceChange) throws {
        if change.operation == .remove { try JobPods.forget(db, job: change.new.uid) }
    }

    func committed(_ change: ResourceChange) async {
        context.queue.add(.job(uid: change.new.uid))
        guard let owner = change.new.controller("CronJob") else { return }
        if change.operation != .update || JobStatus.isFinished(change.new["status"] ?? [:]) { context.queue.add(.cronJob(uid: owner)) }
    }
}
