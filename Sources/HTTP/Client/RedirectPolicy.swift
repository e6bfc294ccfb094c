import Core

/// What is done with a response that points elsewhere.
public enum RedirectPolicy: Sendable {
    /// It is the answer.
    case none
    /// Followed, up to so many times. 301 and 302 turn POST into GET, 303 everything but HEAD; 307 and 308 keep method and
    /// body. Never from https to http. Credentials are not taken to another origin.
    case follow(max: Int = 10)

    private static let credentials = ["Authorization", "Proxy-Authorization", "Cookie"]
    private static let ofContent = ["Content-Type", "Content-Encoding", "Content-Language", "Content-Location"]

    /// The request that a response asks for; nil where the response is the answer.
    /// - Parameter followed: redirects so far.
    /// - Throws: `failedPrecondition` where the redirect must not be followed, `invalidArgument` for a bad `Location`.
    func next(_ request: HTTPClientRequest, _ response: HTTPClientResponse, followed: Int) throws(MonoflowError) -> HTTPClientRequest? {
        guard case .follow(let most) = self, [301, 302, 303, 307, 308].contains(response.status.code),
            let location = response.headers["Location"]
        else { return nil }
        func refused(_ why: String) -> MonoflowError {
            MonoflowError(.failedPrecondition, "follow redirect", "\(request.url.origin)", why)
        }
        guard followed < most else { throw refused("more than \(most) redirects") }
        guard response.headers.values("Location").count == 1 else { throw refused("two Location fields") }
        var next = request
        next.url = try request.url.resolving(location)
        let (from, to) = (request.url.origin, next.url.origin)
        if from.scheme == .https && to.scheme == .http { throw refused("from https to \(to)") }
        let code = response.status.code
        if code == 303 && request.method != .head || code < 303 && request.method == .post {
            next.method = .get
            next.body = .none
            for name in Self.ofContent { next.headers.remove(name) }
        } else if !request.body.isReplayable {
            throw refused("the body cannot be sent again")
        }
        if from != to { for name in Self.credentials + ["Host"] { next.headers.remove(name) } }
        return next
    }
}
