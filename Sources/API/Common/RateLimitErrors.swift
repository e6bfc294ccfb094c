import Access
import Core
import HTTP

/// Tells a client whose token has used up its requests when to come back, in whatever form the path's clients expect errors.
public enum RateLimitErrors {
    public static func onError(
        _ others: @escaping @Sendable (any Error, HTTPRequest) -> HTTPResponse
    ) -> @Sendable (any Error, HTTPRequest) -> HTTPResponse {
        { error, request in
            guard let exceeded = error as? RateExceeded else { return others(error, request) }
            var response = others(exceeded.error, request)
            response.headers["Retry-After"] = String(exceeded.retryAfter)
            return response
        }
    }
}
