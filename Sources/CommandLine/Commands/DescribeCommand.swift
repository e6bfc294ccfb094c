import ArgumentParser
import Core

struct DescribeCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "describe", abstract: "Show objects with their events, or a run with its steps.")

    @Argument(help: "KIND, KIND NAME… or KIND/NAME…")
    var objects: [String]
    @Option(name: .shortAndLong, help: "Namespace; default the caller's home.")
    var namespace: String?
    @Option(name: [.customShort("l"), .long], help: "Labels that objects have.")
    var selector: String?
    @OptionGroup var connection: ConnectionOptions

    func execute(_ context: CommandContext) async throws {
        var isFirst = true
        func show(_ text: String) throws {
            try Console.write((isFirst ? "" : "\n\n") + text)
            isFirst = false
        }
        for selection in try ObjectArguments(objects).selections {
            if let kind = NativeKind(word: selection.kind) {
                let space = try await context.namespace(namespace), objects = NativeObjects(client: context.client, kind: kind)
                let found = selection.names.isEmpty ? try await objects.list(namespace: space) : []
                for name in selection.names + found.map(kind.id) {
                    try show(try await NativeDescription(context: context, kind: kind, namespace: space).text(try await objects.find(name, namespace: space)))
                }
                continue
            }
            for kind in try await context.discovery.find(selection.kind) {
                let wanted = ResourceSelection(
                    kind: kind, names: selection.names, namespace: kind.isNamespaced ? try await context.namespace(namespace) : nil, labels: selector)
                for object in try await ResourceReader(client: context.client, selection: wanted).objects() {
                    try show(Self.text(object, events: try await events(of: object, context), now: context.now))
                }
            }
        }
        if isFirst { Console.note("no objects found") }
    }

    /// An object of the resource API. Values of secrets are counted, not shown.
    static func text(_ object: JSON, events: [JSON]?, now: Timestamp) -> String {
        var out = DescriptionText()
        let metadata = object["metadata"]
        out.fact("Name", metadata?["name"]?.stringValue)
        out.fact("Namespace", metadata?["namespace"]?.stringValue)
        out.map("Labels", metadata?["labels"]?.objectValue)
        out.map("Annotations", metadata?["annotations"]?.objectValue)
        out.fact("API Version", object["apiVersion"]?.stringValue)
        out.fact("Kind", object["kind"]?.stringValue)
        out.fact("Created", metadata?["creationTimestamp"]?.stringValue.map { "\($0) (\(Times.age($0, now: now)) ago)" })
        out.fact("Deleted", metadata?["deletionTimestamp"]?.stringValue)
        if let owners = metadata?["ownerReferences"]?.arrayValue, !owners.isEmpty {
            out.fact("Owned by", owners.map { "\($0["kind"]?.stringValue ?? "")/\($0["name"]?.stringValue ?? "")" }.joined(separator: ", "))
        }
        out.fact("Finalizers", metadata?["finalizers"]?.arrayValue?.compactMap(\.stringValue).joined(separator: ", "))
        let isSecret = object["kind"] == "Secret" && object["apiVersion"] == "v1"
        for (key, value) in object.objectValue ?? [:] where !["apiVersion", "kind", "metadata"].contains(key) {
            guard isSecret, key == "data" else {
                out.value(key, value)
                continue
            }
            out.value(key, .object((value.objectValue ?? [:]).mapValues { .string("\(Self.bytes($0.stringValue ?? "")) bytes") }))
        }
        if let events {
            out.table("Events", ["TYPE", "REASON", "AGE", "FROM", "MESSAGE"], events.map { event in
                let time = event["lastTimestamp"]?.stringValue ?? event["eventTime"]?.stringValue ?? event["firstTimestamp"]?.stringValue
                    ?? event["metadata"]?["creationTimestamp"]?.stringValue
                return [
                    event["type"]?.stringValue ?? "", event["reason"]?.stringValue ?? "", Times.age(time, now: now),
                    event["source"]?["component"]?.stringValue ?? event["reportingComponent"]?.stringValue ?? "", event["message"]?.stringValue ?? "",
                ]
            })
        }
        return out.text
    }

    /// Of base64.
    private static func bytes(_ text: String) -> Int { text.utf8.count / 4 * 3 - text.reversed().prefix { $0 == "=" }.count }

    /// Nil where events are not served or not readable.
    private func events(of object: JSON, _ context: CommandContext) async throws -> [JSON]? {
        guard let uid = object["metadata"]?["uid"]?.stringValue, object["kind"] != "Event",
            let kind = try await context.discovery.kind(apiVersion: "v1", kind: "Event")
        else { return nil }
        let space = object["metadata"]?["namespace"]?.stringValue ?? "default"
        let selection = ResourceSelection(kind: kind, namespace: space, fields: "involvedObject.uid=\(uid)")
        do { return try await ResourceReader(client: context.client, selection: selection).objects() } catch is ServerFailure { return nil }
    }
}
