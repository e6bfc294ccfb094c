import Access
import Core
import HTTP

/// Leaves an entry in the audit log for every request to a route that writes, and for every one that was denied.
///
/// It stands where the caller is found out, not in the server's observer of finished exchanges: the observer has the request as it came,
/// without what middleware adds, and learns of a client that went away instead of what the handler did. What it would see besides are
/// requests that reach no route; they write nothing, and the access log has them. A read that succeeds costs one small object, in which
/// authorization notes the namespace, and one comparison.
struct Auditing: Sendable {
    /// Routes that change nothing, whatever their method: only denials are recorded.
    static let readingTag = "reading"
    /// Routes of GET that change something all the same, such as the way back from an identity provider.
    static let writingTag = "writing"

    private let log: AuditLog
    private let route: Route
    private let writes: Bool

    init(log: AuditLog, route: Route) {
        self.log = log
        self.route = route
        writes = route.method != .get && route.method != .head && !route.tags.contains(Self.readingTag) || route.tags.contains(Self.writingTag)
    }

    func ended(_ request: HTTPRequest, _ status: Int, _ caller: Principal?, _ note: AccessNote) {
        if writes || status == 401 || status == 403 { add(request, status, caller, note) }
    }

    func failed(_ request: HTTPRequest, _ error: any Error, _ caller: Principal?, _ note: AccessNote) {
        ended(request, Self.status(error), caller, note)
    }

    /// Of a route that anybody may call, such as the one to sign in. Inline ones are left alone: they tell the server's health.
    func wrap(public handler: HTTPHandler) -> HTTPHandler {
        guard case .asynchronous(let run) = handler else { return handler }
        return .asynchronous { request in
            let note = AccessNote()
            var request = request
            request.context[AccessNoteKey.self] = note
            do {
                let response = try await run(request)
                ended(request, note.facts.failure ?? response.status.code, nil, note)
                return response
            } catch {
                failed(request, error, nil, note)
                throw error
            }
        }
    }

    /// As the error is answered. Errors of other kinds never leave the Kubernetes routes, which have statuses of their own.
    private static func status(_ error: any Error) -> Int {
        if error is RateExceeded { return HTTPStatus.tooManyRequests.code }
        if error is CancellationError { return HTTPStatus.clientClosedRequest.code }
        return HTTPErrorTable.status(MonoflowError.wrap(error, "answer request").code).http.code
    }

    private func add(_ request: HTTPRequest, _ status: Int, _ caller: Principal?, _ note: AccessNote) {
        let facts = note.facts
        log.add(AuditEntry(
            at: log.now, user: caller?.user ?? facts.user ?? "", tokenID: caller?.token?.id ?? facts.tokenID, method: request.method.rawValue,
            route: route.pattern, path: String(request.rawPath), namespace: facts.namespace ?? namespace(request), status: status, peer: request.peer,
            requestID: request.headers["X-Request-ID"]))
    }

    /// What the path names.
    private func namespace(_ request: HTTPRequest) -> String {
        for (name, text) in [("namespace", "{namespace}"), ("ns", "{ns}"), ("name", "/api/namespaces/{name}")] where route.pattern.contains(text) {
            if let value = try? request.parameter(name) { return value }
        }
        return ""
    }
}

/// On public routes: where a handler writes down who signed in.
enum AccessNoteKey: RequestContextKey { typealias Value = AccessNote }
