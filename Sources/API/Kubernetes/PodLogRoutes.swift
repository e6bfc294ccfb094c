import Core
import Foundation
import HTTP
import Resources
import Synchronization

/// `pods/NAME/log`, as `kubectl logs` asks for it.
struct PodLogRoutes: Sendable {
    let resources: ResourceService
    /// Log file of a task.
    let logPath: @Sendable (String) -> String
    private static let interval = Duration.milliseconds(200)

    func log(_ request: HTTPRequest, _ target: KubernetesTarget) async throws -> HTTPResponse {
        let kind = try target.known(), name = target.name ?? "", namespace = target.namespace ?? ""
        guard kind.key == "pods" else { throw MonoflowError(.notFound, "find kind", "", "the server could not find the requested resource") }
        try KubernetesAccess.check(try request.caller(), .get, kind.definition, namespace: namespace, name: name)
        let stored = try await resources.get(kind, namespace: namespace, name: name), pod = try JSONParser.parse(stored.document)
        let container = pod["spec"]?["containers"]?[0]?["name"]?.stringValue ?? ""
        if let asked = request.query("container"), !asked.isEmpty, asked != container {
            throw MonoflowError(.invalidArgument, "read log", name, "container \(asked) is not valid for pod \(name)")
        }
        if request.flag("previous") {
            throw MonoflowError(.invalidArgument, "read log", name, "previous terminated container \"\(container)\" in pod \"\(name)\" not found")
        }
        let options = try PodLogOptions(request, now: resources.now), path = logPath(stored.uid)
        guard request.flag("follow"), !Self.hasEnded(pod) else {
            return .stream(type: "text/plain; charset=utf-8") { writer in
                var reader = PodLogReader(path: path, options: options)
                try await reader.copy(to: writer, isLast: true)
            }
        }
        let watcher = try await resources.hub.watch(WatchFilter(kind: kind.key, namespace: namespace, name: name), after: stored.version)
        let end = PodEnd()
        return .stream(type: "text/plain; charset=utf-8") { writer in
            let watching = Task {
                defer { end.hasCome.store(true, ordering: .releasing) }
                while let delivery = try await watcher.next() {
                    if case .change(let event, let type) = delivery, try type == .deleted || Self.hasEnded(JSONParser.parse(event.document)) { return }
                }
            }
            defer {
                watching.cancel()
                watcher.close()
            }
            var reader = PodLogReader(path: path, options: options)
            while true {
                // Asked before the file is read: what was written before the end is never missed.
                let isLast = end.hasCome.load(ordering: .acquiring)
                try await reader.copy(to: writer, isLast: isLast)
                if isLast || reader.isFull { return }
                try await Task.sleep(for: Self.interval)
            }
        }
    }

    private final class PodEnd: Sendable {
        let hasCome = Atomic(false)
    }

    private static func hasEnded(_ pod: JSON) -> Bool { ["Succeeded", "Failed"].contains(pod["status"]?["phase"]?.stringValue ?? "") }
}

struct PodLogOptions: Sendable {
    /// Lines at the end of what is there; nil for all.
    var tail: Int?
    var since: Timestamp?
    /// Bytes that are sent at most.
    var limit: Int?
    /// Each line begins with the time at which it was written.
    var showsTimes: Bool

    /// - Throws: `invalidArgument`.
    init(_ request: HTTPRequest, now: Timestamp) throws {
        func number(_ name: String, atLeast least: Int) throws -> Int? {
            guard let value = try request.integer(name) else { return nil }
            guard value >= least else {
                throw MonoflowError(.invalidArgument, "read log", name, "Invalid value: \(value): must be greater than or equal to \(least)")
            }
            return value
        }
        tail = try number("tailLines", atLeast: 0)
        limit = try number("limitBytes", atLeast: 1)
        showsTimes = request.flag("timestamps")
        let seconds = try number("sinceSeconds", atLeast: 1), time = request.query("sinceTime").flatMap { $0.isEmpty ? nil : $0 }
        if let seconds, time == nil { since = Timestamp(milliseconds: now.milliseconds - Int64(min(seconds, 1 << 40)) * 1000) }
        if let time {
            guard seconds == nil, let read = Timestamp(rfc3339: time) else {
                throw MonoflowError(
                    .invalidArgument, "read log", "sinceTime",
                    "Invalid value: \"\(time)\": must be a time, and sinceSeconds must not be given with it")
            }
            since = read
        }
    }
}
