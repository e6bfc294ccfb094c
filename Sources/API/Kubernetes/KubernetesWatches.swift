import Core
import HTTP
import Resources

/// Watches: a stream of changes, one JSON document a line.
struct KubernetesWatches: Sendable {
    /// A watch that names no end is ended after this long, in seconds; clients then watch on from the last version that they have seen.
    static let defaultSeconds = 1_800
    static let longestSeconds = 86_400
    private static let initialEventsEnd = "k8s.io/initial-events-end"

    let resources: ResourceService
    let reads: KubernetesReads

    func watch(_ request: HTTPRequest, _ target: KubernetesTarget) async throws -> HTTPResponse {
        let kind = try target.known(), caller = try request.caller()
        try KubernetesAccess.check(caller, .watch, kind.definition, namespace: target.namespace, name: target.name)
        var selection = try KubernetesReads.selection(request, kind)
        if let name = target.name { selection.fields = FieldSelector(requirements: selection.fields.requirements + [.init(field: "metadata.name", value: name)]) }
        let asked = request.query("resourceVersion") ?? ""
        guard asked.isEmpty || Int64(asked) != nil else {
            throw MonoflowError(.invalidArgument, "watch \(kind.key)", "resourceVersion", "Invalid value: \"\(asked)\": must be a number")
        }
        var version = Int64(asked) ?? 0
        let sendsInitial = request.flag("sendInitialEvents") || version == 0 && request.query("sendInitialEvents") == nil
        var initial: [StoredResource] = []
        if sendsInitial {
            let page = try await resources.list(kind, selection.query(kind, namespace: target.namespace))
            initial = page.items
            version = page.version
        } else if version == 0 {
            version = try await resources.version()
        }
        var filter = selection.filter(kind, namespace: target.namespace)
        if !caller.isAdmin, KubernetesAccess.isPartlyVisible(kind.definition) {
            let inner = filter.matches
            initial = initial.filter { caller.may(.read, in: $0.key.name) }
            filter.matches = { caller.may(.read, in: $1.name) && inner?($0, $1) != false }
        }
        let watcher = try await resources.hub.watch(filter, after: version)
        let seconds = min(max(try request.integer("timeoutSeconds") ?? Self.defaultSeconds, 1), Self.longestSeconds)
        let stream = WatchStream(
            kind: kind, watcher: watcher, initial: initial, version: version, marksInitial: request.flag("sendInitialEvents"),
            bookmarks: request.flag("allowWatchBookmarks"), table: ResourceTable.isAsked(for: request) ? ResourceTable(kind.definition, kind.version, include: request.query("includeObject"), now: resources.now) : nil,
            now: { [resources] in resources.now })
        return .stream(type: "application/json") { writer in
            let end = Task {
                try await Task.sleep(for: .seconds(seconds))
                watcher.close()
            }
            defer {
                end.cancel()
                watcher.close()
            }
            try await stream.run(writer)
        }
    }

    /// One client's stream.
    private struct WatchStream: Sendable {
        let kind: KindReference
        let watcher: Watcher
        let initial: [StoredResource]
        let version: Int64
        let marksInitial: Bool
        let bookmarks: Bool
        let table: ResourceTable?
        let now: @Sendable () -> Timestamp

        func run(_ writer: ResponseWriter) async throws {
            for item in initial { try await writer.write(line(.added, Array(item.document.utf8), nil)) }
            if marksInitial { try await writer.write(bookmark(version, isInitialEnd: true)) }
            while true {
                do {
                    guard let delivery = try await watcher.next() else { return }
                    switch delivery {
                    case .change(let event, let type): try await writer.write(line(type, event.document, event))
                    case .bookmark(let version): if bookmarks { try await writer.write(bookmark(version, isInitialEnd: false)) }
                    }
                } catch let error as MonoflowError where error.code == .expired {
                    let (_, status) = KubernetesStatus.make(error, nil)
                    try await writer.write((["type": "ERROR", "object": status] as JSON).text() + "\n")
                    return
                }
            }
        }

        /// Without a table, the bytes that all share who watch this version.
        private func line(_ type: ResourceEventType, _ document: [UInt8], _ event: ResourceEvent?) throws -> [UInt8] {
            guard table != nil else { return event?.line(as: type, in: kind) ?? ResourceEvent.line(type, document) }
            var object = try JSONParser.parse(document)
            object["apiVersion"] = .string(kind.apiVersion)
            if var table {
                table.now = now()
                object = table.json([object], metadata: ["resourceVersion": object["metadata"]?["resourceVersion"] ?? ""])
            }
            return ResourceEvent.line(type, object.serialized())
        }

        private func bookmark(_ version: Int64, isInitialEnd: Bool) -> [UInt8] {
            var object: JSON = [
                "kind": .string(kind.definition.kind), "apiVersion": .string(kind.apiVersion), "metadata": ["resourceVersion": .string(String(version))],
            ]
            if isInitialEnd { object["metadata"]?["annotations"] = [KubernetesWatches.initialEventsEnd: "true"] }
            if table != nil, !isInitialEnd { object = ["kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": ["resourceVersion": .string(String(version))], "columnDefinitions": [], "rows": []] }
            return (["type": "BOOKMARK", "object": object] as JSON).serialized() + [10]
        }
    }
}
