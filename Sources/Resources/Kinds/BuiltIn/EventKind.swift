import Core

/// What happened to an object.
enum EventKind {
    static let event = KindDefinition(
        group: "", kind: "Event", plural: "events", shortNames: ["ev"],
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource([
                "involvedObject": .objectReference("The object that the event tells of."),
                "reason": .string("One word for why."),
                "message": .string("A sentence for people."),
                "source": .object(["component": .string("What reports the event."), "host": .string("Where it runs.")], "Who reports the event."),
                "firstTimestamp": .time("When it happened first."),
                "lastTimestamp": .time("When it happened last."),
                "count": .integer("How often it has happened."),
                "type": .string("Normal or Warning."),
                "eventTime": .time("When it happened, to the microsecond."),
                "series": .object(["count": .integer("How often so far."), "lastObservedTime": .time("When it happened last.")], "Of events that go on."),
                "action": .string("What was done or did not succeed."),
                "related": .objectReference("A second object that has to do with it."),
                "reportingComponent": .string("Name of the controller that reports the event."),
                "reportingInstance": .string("Which instance of the controller."),
            ], required: ["involvedObject"], "Something that happened to an object."),
            columns: [
                .computed("Last Seen", .eventLastSeen), PrinterColumn("Type", .string, ".type"), PrinterColumn("Reason", .string, ".reason"),
                .computed("Object", .eventObject), PrinterColumn("Subobject", .string, ".involvedObject.fieldPath", priority: 1),
                .computed("Source", .eventSource, priority: 1), PrinterColumn("Message", .string, ".message"),
                .computed("First Seen", .eventFirstSeen, priority: 1), PrinterColumn("Count", .integer, ".count", priority: 1),
                PrinterColumn("Name", .string, ".metadata.name", format: "name", priority: 1),
            ],
            selectableFields: [
                "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
                "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
            ])])
}
