import Core

/// The one place where `MonoflowError.Code` becomes an HTTP status. Statuses follow grpc-gateway, which KFP's clients
/// know, except where HTTP has a more exact one.
public enum HTTPErrorTable {
    /// The HTTP status, and the number of gRPC's canonical code that stands in the body.
    public static func status(_ code: MonoflowError.Code) -> (http: HTTPStatus, grpc: Int) {
        switch code {
        case .invalidArgument: (.badRequest, 3)
        case .unauthenticated: (.unauthorized, 16)
        case .permissionDenied: (.forbidden, 7)
        case .notFound: (.notFound, 5)
        case .alreadyExists: (.conflict, 6)
        case .conflict: (.conflict, 10)
        case .expired: (.gone, 11)
        case .failedPrecondition: (.badRequest, 9)
        case .resourceExhausted: (.tooManyRequests, 8)
        case .payloadTooLarge: (.payloadTooLarge, 8)
        case .unsupportedMediaType: (.unsupportedMediaType, 3)
        case .unimplemented: (.notImplemented, 12)
        case .unavailable: (.serviceUnavailable, 14)
        case .deadlineExceeded: (.gatewayTimeout, 4)
        case .cancelled: (.clientClosedRequest, 1)
        case .dataLoss: (.internalServerError, 15)
        case .internalError: (.internalServerError, 13)
        }
    }

    /// `{"error": LINE, "code": gRPC number, "message": LINE, "details": [], "hint"?}`.
    public static func body(_ error: MonoflowError) -> JSON {
        var plain = error
        plain.hint = nil
        let line = JSON.string(plain.description)
        return JSON.make([
            "error": line, "code": .int(Int64(status(error.code).grpc)), "message": line, "details": .array([]),
            "hint": error.hint.map { .string($0) },
        ])
    }

    /// The default answer to an error that a handler throws. Of errors that are not ours only the type is told, because
    /// their text may hold what a client should not see.
    public static let respond: @Sendable (any Error, HTTPRequest) -> HTTPResponse = { error, request in
        response(known(error, request))
    }

    public static func response(_ error: MonoflowError) -> HTTPResponse {
        var response = HTTPResponse.json(body(error), status: status(error.code).http)
        if error.code == .unauthenticated { response.headers.add("WWW-Authenticate", "Bearer") }
        return response
    }

    private static func known(_ error: any Error, _ request: HTTPRequest) -> MonoflowError {
        if let error = error as? MonoflowError { return error }
        let place = "\(request.method.rawValue) \(request.rawPath)"
        if error is CancellationError { return MonoflowError(.cancelled, place, "", "the request was cancelled") }
        return MonoflowError(.internalError, place, "", "unexpected \(type(of: error))")
    }
}
