import Core
import HTTP

/// The one place where errors and foreign statuses become gRPC statuses, and back.
public enum GRPCErrorTable {
    /// The numbers stand in `HTTPErrorTable`, whose bodies tell them too.
    public static func code(_ code: MonoflowError.Code) -> GRPCCode {
        GRPCCode(rawValue: HTTPErrorTable.status(code).grpc) ?? .unknown
    }

    /// What a client makes of an answer that carries no gRPC status, e.g. one of a proxy on the way.
    public static func code(_ status: HTTPStatus) -> GRPCCode {
        switch status.code {
        case 400: .internalError
        case 401: .unauthenticated
        case 403: .permissionDenied
        case 404: .unimplemented
        case 429, 502, 503, 504: .unavailable
        default: .unknown
        }
    }

    /// Our vocabulary for a status that somebody else's server answered; nil for OK.
    public static func code(_ code: GRPCCode) -> MonoflowError.Code? {
        switch code {
        case .ok: nil
        case .cancelled: .cancelled
        case .unknown, .internalError: .internalError
        case .invalidArgument, .outOfRange: .invalidArgument
        case .deadlineExceeded: .deadlineExceeded
        case .notFound: .notFound
        case .alreadyExists: .alreadyExists
        case .permissionDenied: .permissionDenied
        case .resourceExhausted: .resourceExhausted
        case .failedPrecondition: .failedPrecondition
        case .aborted: .conflict
        case .unimplemented: .unimplemented
        case .unavailable: .unavailable
        case .dataLoss: .dataLoss
        case .unauthenticated: .unauthenticated
        }
    }
}

extension GRPCStatus {
    /// One of our errors as its line, hint included.
    public init(_ error: MonoflowError) {
        self.init(GRPCErrorTable.code(error.code), error.description)
    }

    /// Any error that ended a handler. Of errors that are not ours only the type is told, because their text may hold
    /// what a client should not see.
    public init(_ error: any Error, method: String) {
        switch error {
        case let status as GRPCStatus where status.code != .ok: self = status
        case let error as MonoflowError: self.init(error)
        case is CancellationError: self.init(.cancelled, "\(method): the call was cancelled")
        default: self.init(.internalError, "\(method): unexpected \(type(of: error))")
        }
    }

    /// As one of our errors, for layers that know no gRPC. - Parameter operation: what was being done, e.g. `"get suggestions"`.
    public func error(_ operation: String, _ subject: String = "") -> MonoflowError {
        MonoflowError(GRPCErrorTable.code(code) ?? .internalError, operation, subject, description)
    }
}
