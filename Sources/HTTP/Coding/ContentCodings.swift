import Core

/// Content codings of a router's messages, as middleware: `router.wrap(ContentCodings().wrap)`.
///
/// Request bodies are decoded before the handler sees them. Responses of text are coded where the client's
/// `Accept-Encoding` takes it. It works on messages, so it is the same for each version of HTTP.
public struct ContentCodings: Sendable {
    /// Tag of routes whose responses are never coded, because they hold secrets: the size of a coded body tells about its content.
    public static let secretTag = "secret"
    /// Tag of routes that pass bodies on as they are, in both directions.
    public static let opaqueTag = "opaque"

    /// Smaller responses are left as they are: they fit into a packet or two anyway.
    public var minimumBytes = 1 << 10
    /// What an inline handler's response may have to be coded on the event loop; a larger one is coded in a task.
    public var inlineBytes = 16 << 10
    /// A larger response is coded as it is sent.
    public var wholeBytes = 256 << 10
    public var decoding = DecodingLimits()
    private let pool: DeflaterPool

    public init(pool: DeflaterPool = DeflaterPool()) { self.pool = pool }

    /// A request without `Content-Encoding` and `Accept-Encoding` costs two look-ups. What runs on the event loop stays there, but for
    /// coded bodies, which are decoded in a task.
    ///
    /// Best the outermost middleware: bodies are decoded when they are read, so not for callers that are turned away.
    public func wrap(_ route: Route, _ handler: HTTPHandler) -> HTTPHandler {
        if route.tags.contains(Self.opaqueTag) { return handler }
        let codes = !route.tags.contains(Self.secretTag)
        let slow: @Sendable (HTTPRequest) async throws -> HTTPResponse = { request in
            var response: HTTPResponse
            if request.headers.contains(word: "content-encoding") {
                var request = request
                if let refused = decode(&request) { return refused }
                response = try await handler.respond(to: request)
            } else {
                response = try await handler.respond(to: request)
            }
            if codes && request.headers.contains(word: "accept-encoding") { encode(&response, for: request, wholeBytes: wholeBytes) }
            return response
        }
        let quick: @Sendable (HTTPRequest) throws -> HTTPResponse?
        switch handler {
        case .inline(let run): quick = run
        case .either(let run, _): quick = run
        case .asynchronous: return .asynchronous(slow)
        }
        return .either(fast: { request in
            guard !request.headers.contains(word: "content-encoding"), var response = try quick(request) else { return nil }
            if codes && request.headers.contains(word: "accept-encoding") { encode(&response, for: request, wholeBytes: inlineBytes) }
            return response
        }, slow: slow)
    }

    // MARK: requests

    /// - Returns: the refusal of codings that are not known.
    private func decode(_ request: inout HTTPRequest) -> HTTPResponse? {
        let values = request.headers.values("Content-Encoding")
        guard let codings = ContentCoding.list(values, limit: decoding.codings) else {
            let error = MonoflowError(
                .unsupportedMediaType, "decode body", "Content-Encoding: \(values.joined(separator: ", "))",
                "not a list of at most \(decoding.codings) known codings", hint: "known are \(ContentCoding.accepted) and identity")
            var response = HTTPErrorTable.response(error)
            response.headers.add("Accept-Encoding", ContentCoding.accepted)
            return response
        }
        request.headers.remove("Content-Encoding")
        if codings.isEmpty { return nil }
        request.headers.remove("Content-Length")
        let body = DecodedBody(request.body, codings, limits: decoding)
        request.body = HTTPBody(source: .decoded(body), defaultLimit: request.body.defaultLimit)
        return nil
    }

    // MARK: responses

    /// - Parameter wholeBytes: what is coded at once; more as it is sent.
    private func encode(_ response: inout HTTPResponse, for request: HTTPRequest, wholeBytes: Int) {
        guard isWorthCoding(response) else { return }
        // Without an Accept-Encoding the field is left out: what was sent then suits every client.
        response.addVary("Accept-Encoding")
        let accepted = AcceptEncoding(request.headers)
        // If-Match asks for exactly these bytes, which is what a coded body is not.
        guard let coding = accepted.choice, !comesFromAnotherSite(request), !request.headers.contains("If-Match") else { return }
        switch response.body {
        case .bytes(let bytes):
            if Preconditions.outcome(response.headers, request.headers) != .proceed {
                // To be answered without this body, which conditional requests need to stay what it is.
                return response.weakenEntityTag()
            }
            if request.method == .head {
                response.body = .stream(length: nil) { _ in }
            } else if bytes.count <= wholeBytes {
                guard let lease = pool.take(coding.format), let coded = try? lease.deflater.compress(bytes),
                    coded.count < bytes.count || accepted.refusesIdentity
                else { return }
                response.body = .bytes(coded)
            } else {
                guard let lease = pool.take(coding.format) else { return }
                response.body = .stream(length: nil) { try await lease.send(bytes, to: $0) }
            }
        case .stream(_, let write):
            if request.method != .head {
                guard let lease = pool.take(coding.format) else { return }
                response.body = .stream(length: nil) { writer in
                    writer.encode(with: lease)
                    try await write(writer)
                    try await writer.finishEncoding()
                }
            } else {
                response.body = .stream(length: nil) { _ in }
            }
        default: return
        }
        response.headers.add("Content-Encoding", coding.name)
        response.weakenEntityTag()
    }

    private func isWorthCoding(_ response: HTTPResponse) -> Bool {
        switch response.body {
        case .bytes(let bytes): if bytes.count < minimumBytes { return false }
        case .stream(let length, _): if let length, length < Int64(minimumBytes) { return false }
        // Files are sent by the kernel as they are; those worth coding are `StaticFiles`' business.
        default: return false
        }
        let (status, headers) = (response.status, response.headers)
        return !status.isBodyless && status != .partialContent && CompressibleTypes.contains(headers["Content-Type"])
            && !headers.contains("Content-Encoding") && !headers.contains("Set-Cookie") && !headers.lists("Cache-Control", "no-transform")
    }

    /// A page of another site may make a browser send requests whose answers it cannot read; their sizes it might see
    /// on the network.
    private func comesFromAnotherSite(_ request: HTTPRequest) -> Bool {
        guard let site = request.headers["Sec-Fetch-Site"] else { return false }
        return site == "cross-site" || site == "same-site"
    }
}

extension HTTPResponse {
    /// For other bytes of the same meaning: the tag stays good for If-None-Match, and no more for ranges and If-Match.
    mutating func weakenEntityTag() {
        if let tag = headers["ETag"], !tag.hasPrefix("W/") { headers["ETag"] = "W/" + tag }
    }

    /// Adds a name to `Vary`, once.
    mutating func addVary(_ name: String) {
        guard let there = headers["Vary"] else { return headers.add("Vary", name) }
        if !headers.lists("Vary", name.lowercased()) && !headers.lists("Vary", "*") { headers["Vary"] = there + ", " + name }
    }
}
