/// The one error type of the project. `code` decides the transport's status (one table per transport);
/// `operation` and `subject` name the place, `message` says what is wrong, `hint` what to do about it.
public struct MonoflowError: Error, Sendable, Equatable {
    /// Stable vocabulary, close to gRPC's canonical codes so that each transport's table is total.
    public enum Code: String, Sendable, Codable, CaseIterable {
        case invalidArgument, unauthenticated, permissionDenied, notFound, alreadyExists, conflict
        /// A place in a list or a log that is no longer kept.
        case expired
        case failedPrecondition, resourceExhausted, payloadTooLarge, unsupportedMediaType
        case unimplemented, unavailable, deadlineExceeded, cancelled, dataLoss, internalError
    }

    public var code: Code
    /// What was being done, e.g. `"create run"`.
    public var operation: String
    /// What it was done to, e.g. `"pipeline digits, task train"`; empty where the operation says it all.
    public var subject: String
    public var message: String
    public var hint: String?

    public init(_ code: Code, _ operation: String, _ subject: String = "", _ message: String, hint: String? = nil) {
        self.code = code
        self.operation = operation
        self.subject = subject
        self.message = message
        self.hint = hint
    }
}

extension MonoflowError: CustomStringConvertible {
    /// One line: `operation: subject: message (hint)`.
    public var description: String {
        let place = [operation, subject].filter { !$0.isEmpty }.joined(separator: ": ")
        return place + ": " + message + (hint.map { " (\($0))" } ?? "")
    }
}

extension MonoflowError {
    /// What a person reads beside the thing that failed: the subject, what is wrong, and what to do.
    public var reason: String { (subject.isEmpty ? "" : subject + ": ") + message + (hint.map { " (\($0))" } ?? "") }

    /// The error itself where it is one of ours; anything else becomes `internalError` of the operation.
    public static func wrap(_ error: any Error, _ operation: String, _ subject: String = "") -> MonoflowError {
        error as? MonoflowError ?? MonoflowError(.internalError, operation, subject, "\(error)")
    }
}
