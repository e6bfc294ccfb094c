import Access
import Core
import HTTP

/// The audit log: an owner reads its namespace's, an admin all.
struct AuditRoutes: Sendable {
    private static let pageSizes = 1...1000

    let audit: AuditLog

    func add(to router: inout Router) {
        router.on(.get, "/api/audit") { request in
            let caller = try request.caller(), namespace = request.query("namespace").flatMap { $0.isEmpty ? nil : $0 }
            // An admin may also ask about namespaces that are gone.
            if let namespace, !caller.isAdmin { try caller.require(.administer, in: namespace) } else { try caller.requireAdmin("read the whole audit log") }
            let limit = try request.integer("limit") ?? 100, before = try request.integer("before")
            guard Self.pageSizes.contains(limit) else {
                throw MonoflowError(.invalidArgument, "read audit log", "limit", "must be \(Self.pageSizes.lowerBound) to \(Self.pageSizes.upperBound)")
            }
            var entries = try await audit.entries(
                namespace: namespace, user: request.query("user").flatMap { $0.isEmpty ? nil : $0 }, before: before.map(Int64.init), limit: limit + 1)
            let hasMore = entries.count > limit
            if hasMore { entries.removeLast() }
            return .json(.make([
                "entries": .array(entries.map(Self.json)), "next": hasMore ? entries.last.map { .int($0.id) } : nil,
            ]))
        }
    }

    private static func json(_ entry: AuditEntry) -> JSON {
        .make([
            "id": .int(entry.id), "time": .time(entry.at), "user": .text(entry.user), "token_id": .text(entry.tokenID), "method": .string(entry.method),
            "route": .string(entry.route), "path": .string(entry.path), "namespace": .text(entry.namespace), "status": .int(Int64(entry.status)),
            "peer": .string(entry.peer), "request_id": .text(entry.requestID), "dropped": entry.dropped > 0 ? .int(Int64(entry.dropped)) : nil,
        ])
    }
}
