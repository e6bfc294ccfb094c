import Core

/// Cells of jobs.
enum JobCells {
    static func status(_ job: JSON) -> String {
        for type in ["Complete", "Failed"] where Conditions.holds(type, in: job) { return type }
        if let deleted = job["metadata"]?["deletionTimestamp"], !deleted.isNull { return "Terminating" }
        for type in ["Suspended", "FailureTarget", "SuccessCriteriaMet"] where Conditions.holds(type, in: job) { return type }
        return "Running"
    }

    /// `2/3`; where any one success will do of several pods at a time, `0/1 of 3`.
    static func completions(_ job: JSON) -> String {
        let succeeded = job["status"]?["succeeded"]?.intValue ?? 0
        if let wanted = job["spec"]?["completions"]?.intValue { return "\(succeeded)/\(wanted)" }
        let parallelism = job["spec"]?["parallelism"]?.intValue ?? 0
        return parallelism > 1 ? "\(succeeded)/1 of \(parallelism)" : "\(succeeded)/1"
    }

    /// Empty where the job has not begun.
    static func duration(_ job: JSON, now: Timestamp) -> String {
        guard let start = time(job["status"]?["startTime"]) else { return "" }
        let failure = Conditions.holds("Failed", in: job) ? time(Conditions.find("Failed", in: job)?["lastTransitionTime"]) : nil
        return HumanDuration.text(milliseconds: (time(job["status"]?["completionTime"]) ?? failure ?? now.milliseconds) - start)
    }

    private static func time(_ value: JSON?) -> Int64? { value?.stringValue.flatMap(TimeText.milliseconds) }
}
