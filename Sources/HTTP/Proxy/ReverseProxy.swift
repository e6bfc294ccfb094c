import Core
import Synchronization

/// Passes requests on to a server and its responses back, both streamed: a side that is slow holds the other back. WebSockets
/// are tunnelled after a checked handshake.
///
/// A server that cannot be reached, or answers what is no HTTP, is answered for with 502, one that takes too long with 504, and
/// one that has too many requests already with 503. A response that breaks off cuts the client's connection.
public struct ReverseProxy: Sendable {
    let client: HTTPClient
    public let origin: HTTPOrigin
    public let options: ProxyOptions

    public init(_ origin: HTTPOrigin, client: HTTPClient, options: ProxyOptions = ProxyOptions()) {
        self.origin = origin
        self.client = client
        self.options = options
    }

    /// To be registered for the methods and paths that are passed on.
    public var handler: HTTPHandler { .asynchronous { try await respond(to: $0) } }

    /// - Throws: `cancelled` where the client went away, and what reading its body throws.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        var target = request.target
        if let rewrite = options.rewriteTarget {
            guard let rewritten = rewrite(target) else {
                throw MonoflowError(.notFound, "\(request.method.rawValue) \(request.rawPath)", "", "no such endpoint")
            }
            target = rewritten
        }
        let url = try HTTPURL(origin, target: target)
        if WebSocketHandshake.isAsked(request.headers) { return try await openWebSocket(request, url) }
        let clientFailure = Failure()
        var outgoing = HTTPClientRequest(request.method, url, headers: requestHeaders(request), body: body(of: request, clientFailure))
        outgoing.expectsContinue = request.headers.lists("Expect", "100-continue")
        outgoing.timeouts = options.timeouts
        outgoing.onInformational = { status, headers in request.inform(status, EndToEndFields(headers).of(headers)) }
        do throws(MonoflowError) {
            return answer(to: request, try await client.send(outgoing))
        } catch {
            if let failure = clientFailure.error.withLock({ $0 }) { throw failure }
            return try refusal(error)
        }
    }

    // MARK: requests

    /// Why the client's body could not be read, as against what was wrong with the server.
    private final class Failure: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }

    private func body(of request: HTTPRequest, _ failure: Failure) -> HTTPClientRequest.Body {
        let body = request.body
        if body.bytes != nil { return .passing(body) }
        return .stream(length: body.length) { writer in
            var chunks = body.makeAsyncIterator()
            while true {
                let chunk: [UInt8]?
                do { chunk = try await chunks.next() } catch {
                    failure.error.withLock { $0 = error }
                    throw error
                }
                guard let chunk else { return writer.trailers(body.trailers) }
                try await writer.write(chunk)
            }
        }
    }

    func requestHeaders(_ request: HTTPRequest) -> HTTPHeaders {
        var fields = EndToEndFields(request.headers)
        if case .replaced = options.forwarding { fields.drop(ForwardedFields.names) }
        if case .rewritten = options.host { fields.drop(["host"]) }
        if !options.passesAuthorization { fields.drop(["authorization"]) }
        var headers = fields.of(request.headers)
        options.cookies.filter(request: &headers)
        ForwardedFields(request).add(to: &headers)
        addVia(request.version, to: &headers)
        // Of all that it may list, this is what the proxy itself can pass on.
        if request.headers.lists("TE", "trailers") { headers.add("TE", "trailers") }
        return headers
    }

    private func addVia(_ version: HTTPVersion, to headers: inout HTTPHeaders) {
        guard let name = options.via else { return }
        let number = switch version {
        case .http10: "1.0"
        case .http11: "1.1"
        case .http2: "2"
        }
        headers["Via"] = (headers.values("Via") + ["\(number) \(name)"]).joined(separator: ", ")
    }

    // MARK: responses

    func responseHeaders(_ request: HTTPRequest, _ response: HTTPClientResponse) -> HTTPHeaders {
        var headers = EndToEndFields(response.headers).of(response.headers)
        options.cookies.filter(response: &headers)
        addVia(response.version, to: &headers)
        options.rewriteResponse?(request, response.status, &headers)
        return headers
    }

    func answer(to request: HTTPRequest, _ response: HTTPClientResponse) -> HTTPResponse {
        var answer = HTTPResponse(response.status, headers: responseHeaders(request, response))
        if request.method == .head || response.status.isBodyless {
            // What the body would be is the server's to tell; a length that it leaves out is not made up.
            if let length = response.headers["Content-Length"] { answer.headers["Content-Length"] = length } else { answer.body = .stream(length: nil) { _ in } }
            return answer
        }
        let body = response.body
        if let bytes = body.bytes {
            answer.body = .bytes(bytes)
        } else {
            answer.body = .stream(length: body.length) { writer in
                for try await chunk in body { try await writer.write(chunk) }
                writer.trailers(body.trailers)
            }
        }
        return answer
    }

    /// The answer for a server that gave none.
    func refusal(_ error: MonoflowError) throws(MonoflowError) -> HTTPResponse {
        let status: HTTPStatus
        switch error.code {
        case .cancelled: throw error
        case .deadlineExceeded: status = .gatewayTimeout
        case .resourceExhausted: status = .serviceUnavailable
        default: status = .badGateway
        }
        let shown = MonoflowError(error.code, "forward request", options.name ?? "\(origin)", error.message)
        return .json(HTTPErrorTable.body(shown), status: status)
    }

    // MARK: WebSockets

    private func openWebSocket(_ request: HTTPRequest, _ url: HTTPURL) async throws -> HTTPResponse {
        let handshake: WebSocketHandshake
        do throws(WebSocketRefusal) { handshake = try WebSocketHandshake(request) } catch { return error.response }
        var outgoing = HTTPClientRequest(.get, url, headers: requestHeaders(request))
        outgoing.upgrade = "websocket"
        outgoing.timeouts = options.timeouts
        let response: HTTPClientResponse
        do throws(MonoflowError) { response = try await client.send(outgoing) } catch { return try refusal(error) }
        guard let server = response.upgrade else { return answer(to: request, response) }
        if let fault = handshake.fault(in: response.headers) {
            server.close()
            return try refusal(MonoflowError(.dataLoss, "open WebSocket", "\(origin)", fault))
        }
        var answer = HTTPResponse(.switchingProtocols, headers: responseHeaders(request, response))
        answer.headers["Upgrade"] = "websocket"
        let tunnel = Tunnel(server: server, idle: options.tunnelIdle, halfOpen: options.tunnelHalfOpen)
        answer.body = .tunnel { input, writer in try await tunnel.run(input, writer) }
        return answer
    }
}
