import Core
import Foundation

/// What `wait` waits for.
enum WaitGoal: Sendable, Equatable {
    case deleted, created
    case condition(type: String, status: String)
    /// Nil: any value.
    case path(JSONPath, value: String?)

    /// `delete`, `create`, `condition=TYPE[=STATUS]`, `jsonpath=PATH[=VALUE]`. - Throws: `invalidArgument`.
    init(_ text: String) throws(MonoflowError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("delete", 1): self = .deleted
        case ("create", 1): self = .created
        case ("condition", 2) where !parts[1].isEmpty:
            let words = parts[1].split(separator: "=", maxSplits: 1).map(String.init)
            self = .condition(type: words[0], status: words.count == 2 ? words[1] : "True")
        case ("jsonpath", 2) where !parts[1].isEmpty:
            let given = parts[1].trimmingCharacters(in: CharacterSet(charactersIn: "'"))
            // Behind the closing brace; without braces behind the first `=`.
            let end = given.hasPrefix("{") ? given.firstIndex(of: "}").map { given.index(after: $0) } : given.firstIndex(of: "=")
            let path = String(given[..<(end ?? given.endIndex)]), rest = given[(end ?? given.endIndex)...]
            guard rest.isEmpty || rest.hasPrefix("=") else {
                throw MonoflowError(.invalidArgument, "read option", "--for", "\"\(text)\" has text behind the path")
            }
            self = .path(try JSONPath(path), value: rest.isEmpty ? nil : String(rest.dropFirst()))
        default:
            throw MonoflowError(
                .invalidArgument, "read option", "--for", "\"\(text)\" is unknown", hint: "delete, create, condition=TYPE[=STATUS] or jsonpath={.a.b}[=VALUE]")
        }
    }

    /// - Parameter object: nil where there is none.
    func isReached(_ object: JSON?) -> Bool {
        switch self {
        case .deleted: return object == nil
        case .created: return object != nil
        case .condition(let type, let status):
            return object?["status"]?["conditions"]?.arrayValue?.contains {
                $0["type"]?.stringValue?.lowercased() == type.lowercased() && $0["status"]?.stringValue?.lowercased() == status.lowercased()
            } == true
        case .path(let path, let value):
            guard let found = object.flatMap(path.value(in:)), found != .null else { return false }
            return value == nil || (found.stringValue ?? found.text()) == value
        }
    }
}

/// Waits for one object of the resource API by its watch.
struct ObjectWait: Sendable {
    let client: APIClient
    let selection: ResourceSelection
    let name: String
    /// An object of the name and another uid counts as absent; nil takes any.
    var uid: String?
    /// 0 looks once.
    let seconds: Int64

    private var label: String { "\(selection.kind.label)/\(name)" }

    /// - Throws: `deadlineExceeded`; `notFound` where an object that is to change is not there.
    func until(_ goal: WaitGoal) async throws {
        try await Deadline.run(seconds: seconds, of: label) { try await wait(goal) }
    }

    private func wait(_ goal: WaitGoal) async throws {
        while true {
            // The list tells the version from which to watch, also where the object is not there.
            var one = selection
            (one.names, one.labels, one.fields) = ([], nil, "metadata.name=\(name)")
            let list = try await client.json(one.list())
            let object = list["items"]?.arrayValue?.first.flatMap { isMeant($0) ? $0 : nil }
            if goal.isReached(object) { return }
            if object == nil && goal != .created {
                throw MonoflowError(.notFound, "", label, "there is no such object to wait for")
            }
            if seconds == 0 { throw Deadline.passed(label) }
            do {
                var reached = false, isGone = false
                try await client.lines(one.watch(after: list["metadata"]?["resourceVersion"]?.stringValue ?? "0")) { line in
                    let event = try JSONParser.parse(line), type = event["type"]?.stringValue
                    if type == "BOOKMARK" { return true }
                    if type == "ERROR" { return false }
                    guard let object = event["object"], isMeant(object) else { return true }
                    isGone = type == "DELETED"
                    reached = goal.isReached(isGone ? nil : object)
                    return !reached && !isGone
                }
                if reached { return }
                if isGone { continue }
            } catch let failure as ServerFailure where failure.isExpired {}
            try await Reconnection.pause()
        }
    }

    private func isMeant(_ object: JSON) -> Bool { uid == nil || object["metadata"]?["uid"]?.stringValue == uid }
}

/// Streams that end before what they are to tell has happened are asked for again, not faster than this.
enum Reconnection {
    static func pause() async throws { try await Task.sleep(for: .seconds(1)) }
}

/// A bound of time round what waits.
enum Deadline {
    /// - Parameter seconds: 0 is without, for what looks only once.
    static func run(seconds: Int64, of subject: String, _ work: @escaping @Sendable () async throws -> Void) async throws {
        guard seconds > 0 else { return try await work() }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await work()
                return true
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return false
            }
            defer { group.cancelAll() }
            guard try await group.next() == true else { throw passed(subject) }
        }
    }

    static func passed(_ subject: String) -> MonoflowError { MonoflowError(.deadlineExceeded, "wait", subject, "the time is over") }
}
