import Core
import HTTP
import Resources

/// Errors as Kubernetes' clients know them: the one place where an error becomes a `Status`.
enum KubernetesStatus {
    private static func reason(_ code: MonoflowError.Code) -> (http: HTTPStatus, reason: String) {
        switch code {
        case .invalidArgument: (.badRequest, "BadRequest")
        case .unauthenticated: (.unauthorized, "Unauthorized")
        case .permissionDenied: (.forbidden, "Forbidden")
        case .notFound: (.notFound, "NotFound")
        case .alreadyExists: (.conflict, "AlreadyExists")
        case .conflict: (.conflict, "Conflict")
        case .expired: (.gone, "Expired")
        case .failedPrecondition: (.unprocessableContent, "Invalid")
        case .resourceExhausted: (.tooManyRequests, "TooManyRequests")
        case .payloadTooLarge: (.payloadTooLarge, "RequestEntityTooLarge")
        case .unsupportedMediaType: (.unsupportedMediaType, "UnsupportedMediaType")
        case .unimplemented: (.methodNotAllowed, "MethodNotAllowed")
        case .unavailable: (.serviceUnavailable, "ServiceUnavailable")
        case .deadlineExceeded: (.gatewayTimeout, "Timeout")
        case .cancelled: (.clientClosedRequest, "Timeout")
        case .dataLoss, .internalError: (.internalServerError, "InternalError")
        }
    }

    /// - Parameter target: what the request was about, where its path was understood.
    static func response(_ error: any Error, _ target: KubernetesTarget?) -> HTTPResponse {
        let (status, body) = make(error, target)
        var response = HTTPResponse.json(body, status: status)
        if status == .unauthorized { response.headers.add("WWW-Authenticate", "Bearer") }
        return response
    }

    static func make(_ error: any Error, _ target: KubernetesTarget?) -> (HTTPStatus, JSON) {
        switch error {
        case let error as InvalidResource:
            let fields = FieldErrors(error.errors)
            let causes = error.errors.map { JSON.make(["reason": .string($0.reason.rawValue), "message": .string($0.message), "field": .string($0.path.description)]) }
            let kind = error.group.isEmpty ? error.kind : "\(error.kind).\(error.group)"
            return (.unprocessableContent, failure(
                .unprocessableContent, "Invalid", "\(kind) \"\(error.name)\" is invalid: \(fields)",
                .make(["name": .string(error.name), "group": .text(error.group), "kind": .string(error.kind), "causes": .array(causes)])))
        case let error as ApplyConflict:
            let causes = error.conflicts.map {
                JSON.make(["reason": .string(ApplyConflict.causeReason), "message": .string($0.message), "field": .string($0.field)])
            }
            return (.conflict, failure(.conflict, "Conflict", error.description, .make(["causes": .array(causes)])))
        default:
            let error = MonoflowError.wrap(error, "answer request")
            let (status, reason) = reason(error.code)
            var details = target?.details
            // Clients show the causes of what is invalid, not the message.
            if error.code == .failedPrecondition {
                let cause = JSON.make(["reason": "FieldValueInvalid", "message": .string(error.message), "field": .string(error.subject)])
                details = details ?? [:]
                details?["causes"] = [cause]
            }
            return (status, failure(status, reason, message(error, target), details))
        }
    }

    static func failure(_ status: HTTPStatus, _ reason: String, _ message: String, _ details: JSON? = nil) -> JSON {
        .make([
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message), "reason": .string(reason),
            "details": details, "code": .int(Int64(status.code)),
        ])
    }

    /// Sentences that clients and people compare with Kubernetes'.
    private static func message(_ error: MonoflowError, _ target: KubernetesTarget?) -> String {
        guard let target, let name = target.name, let kind = target.kind?.definition else {
            return error.code == .permissionDenied || error.code == .notFound ? error.reason : error.message
        }
        return switch error.code {
        case .conflict where !error.message.hasPrefix("Precondition"): "Operation cannot be fulfilled on \(kind.key) \"\(name)\": \(error.message)"
        case .permissionDenied: "\(kind.key) \"\(name)\" is forbidden: \(error.reason)"
        default: error.message
        }
    }
}

/// What goes wrong before a handler runs, authentication above all, told as the path's clients expect.
public enum KubernetesErrors {
    public static func onError(
        _ others: @escaping @Sendable (any Error, HTTPRequest) -> HTTPResponse
    ) -> @Sendable (any Error, HTTPRequest) -> HTTPResponse {
        { error, request in
            KubernetesPaths.isOurs(request.rawPath) ? KubernetesStatus.response(error, nil) : others(error, request)
        }
    }
}
