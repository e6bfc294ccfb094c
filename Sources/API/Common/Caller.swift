import Access
import Core
import HTTP

/// The authenticated caller, handed to handlers by the authentication middleware.
enum PrincipalKey: RequestContextKey { typealias Value = Principal }

extension HTTPRequest {
    /// - Throws: `internalError` on a route that was left out of authentication by mistake.
    func caller() throws -> Principal {
        guard let principal = context[PrincipalKey.self] else {
            throw MonoflowError(.internalError, "authenticate", route ?? "", "the route has no authenticated caller")
        }
        return principal
    }

    /// The namespace that a query names, else the caller's home.
    func namespace(_ key: String = "namespace") throws -> String {
        if let named = query(key), !named.isEmpty { return named }
        return try caller().homeNamespace
    }

    func integer(_ key: String) throws -> Int? {
        guard let text = query(key), !text.isEmpty else { return nil }
        guard let number = Int(text) else { throw MonoflowError(.invalidArgument, "read query", key, "\"\(text)\" is not a whole number") }
        return number
    }
}

extension JSON {
    /// A member of a request's body that must be a text.
    /// - Throws: `invalidArgument` where it is missing or empty.
    func text(_ key: String, _ operation: String) throws -> String {
        guard let text = self[key]?.stringValue, !text.isEmpty else { throw MonoflowError(.invalidArgument, operation, key, "is missing") }
        return text
    }

    /// A time as every API here writes it; absent where nil.
    static func time(_ time: Timestamp?) -> JSON? { time.map { .string($0.rfc3339(milliseconds: true)) } }
    static func text(_ text: String?) -> JSON? { text.flatMap { $0.isEmpty ? nil : .string($0) } }
}
