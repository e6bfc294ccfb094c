import Core

/// Kinds of `batch`: pods that run to their end.
enum BatchKinds {
    static let job = KindDefinition(
        group: "batch", kind: "Job", plural: "jobs", categories: ["all"],
        versions: [KindVersion(
            "v1", schema: ObjectMetaSchema.resource(["spec": jobSpec, "status": jobStatus], "Pods that run until so many of them have succeeded."),
            hasStatus: true,
            columns: [
                .name, .computed("Status", .jobStatus), .computed("Completions", .jobCompletions), .computed("Duration", .jobDuration), .age,
                .computed("Containers", .containerNames, priority: 1), .computed("Images", .containerImages, priority: 1),
                .computed("Selector", .selector, priority: 1),
            ])])

    static let cronJob = KindDefinition(
        group: "batch", kind: "CronJob", plural: "cronjobs", shortNames: ["cj"], categories: ["all"],
        versions: [KindVersion(
            "v1", schema: ObjectMetaSchema.resource(["spec": cronSpec, "status": cronStatus], "A job at set times."), hasStatus: true,
            columns: [
                .name, PrinterColumn("Schedule", .string, ".spec.schedule"), PrinterColumn("Timezone", .string, ".spec.timeZone"),
                PrinterColumn("Suspend", .boolean, ".spec.suspend"), .computed("Active", .activeCount, type: .integer),
                PrinterColumn("Last Schedule", .date, ".status.lastScheduleTime"), .age,
                .computed("Containers", .containerNames, priority: 1), .computed("Images", .containerImages, priority: 1),
                .computed("Selector", .selector, priority: 1),
            ])])

    static let jobSpec = Schema.openObject([
        "template": PodSpecSchema.template(PodSpecSchema.job),
        "parallelism": .integer("Pods at one time at most.", fallback: 1, minimum: 0),
        "completions": .integer("Pods that have to succeed; any one success where left out beside parallelism.", minimum: 0),
        "completionMode": .string("Whether pods are told apart by an index.", fallback: "NonIndexed", allowed: ["NonIndexed", "Indexed"]),
        "backoffLimit": .integer("Failures that are borne.", fallback: 6, minimum: 0),
        "backoffLimitPerIndex": .integer("Failures that are borne for each index.", minimum: 0),
        "maxFailedIndexes": .integer("Failed indexes that are borne.", minimum: 0),
        "activeDeadlineSeconds": .integer("How long the job may run.", minimum: 0, format: "int64"),
        "ttlSecondsAfterFinished": .integer("How long the job stays after its end.", minimum: 0),
        "suspend": .boolean("Whether the job makes no pods.", fallback: false),
        "selector": .labelSelector("Its pods; set by the server."),
        "manualSelector": .boolean("Whether the selector is the author's."),
        "podFailurePolicy": .anyObject("What follows which failure."),
        "podReplacementPolicy": .string("When a pod is replaced.", allowed: ["TerminatingOrFailed", "Failed"]),
        "successPolicy": .anyObject("When an indexed job has succeeded."),
        "managedBy": .string("The controller that sees to the job."),
    ], required: ["template"], "The desired state.")

    private static let jobStatus = Schema.openObject([
        "conditions": .patchedList(by: "type", .condition, "What is known of the job: Complete, Failed, Suspended."),
        "startTime": .time("When the job was taken up."),
        "completionTime": .time("When it succeeded."),
        "active": .integer("Pods that run or wait."),
        "ready": .integer("Pods that are ready."),
        "succeeded": .integer("Pods that have succeeded."),
        "failed": .integer("Pods that have failed."),
        "terminating": .integer("Pods that are ending."),
        "completedIndexes": .string("Indexes that have succeeded, such as 1,3-5."),
        "failedIndexes": .string("Indexes that have failed."),
    ], "The state at present.")

    private static let cronSpec = Schema.openObject([
        "schedule": .string("Minute, hour, day, month and weekday, as cron has them."),
        "timeZone": .string("Name of the time zone that the schedule is in."),
        "startingDeadlineSeconds": .integer("How late a job may start.", minimum: 0, format: "int64"),
        "concurrencyPolicy": .string("What happens while the last job runs.", fallback: "Allow", allowed: ["Allow", "Forbid", "Replace"]),
        "suspend": .boolean("Whether no jobs are made.", fallback: false),
        "successfulJobsHistoryLimit": .integer("Succeeded jobs that are kept.", fallback: 3, minimum: 0),
        "failedJobsHistoryLimit": .integer("Failed jobs that are kept.", fallback: 1, minimum: 0),
        "jobTemplate": .object(["metadata": ObjectMetaSchema.schema, "spec": jobSpec], required: ["spec"], "The job that is made."),
    ], required: ["schedule", "jobTemplate"], "The desired state.")

    private static let cronStatus = Schema.openObject([
        "active": .atomicList(.objectReference(), "Jobs that run."),
        "lastScheduleTime": .time("When a job was made last."),
        "lastSuccessfulTime": .time("When a job succeeded last."),
    ], "The state at present.")
}
