import Core
import Foundation
import HTTP
import Logging
import Sockets

/// The server's API with the caller's token.
final class APIClient: Sendable {
    /// An answer that is taken as a whole, in bytes.
    static let answerLimit = 256 << 20
    /// A line of a stream.
    static let lineLimit = 16 << 20

    let access: ServerAccess
    private let http: HTTPClient
    private let origin: HTTPOrigin
    /// Of a server behind another one's path; without a slash at the end.
    private let prefix: String

    /// - Throws: `invalidArgument` for an address that is no URL, errors of reading the authority's file.
    init(_ access: ServerAccess) throws(MonoflowError) {
        self.access = access
        let url = try HTTPURL(access.url)
        origin = url.origin
        var path = url.path
        while path.last == "/" { path = path.dropLast() }
        prefix = String(path)
        var options = HTTPClientOptions()
        options.bodyBytes = Self.answerLimit
        let tls = url.origin.scheme == .https ? try TLSClientContext(roots: access.authority.map { .file($0) } ?? .system, protocols: ["http/1.1"]) : nil
        // Errors are told by who asks, not by a log.
        http = HTTPClient(group: try EventLoopGroup(count: 1), options: options, tls: tls, log: Logger(label: "monoflow.cli") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The answer's document; null where it is empty.
    /// - Throws: `ServerFailure` for a status from 400 on; `MonoflowError` where the server cannot be reached.
    func json(_ request: APIRequest) async throws -> JSON {
        let (_, bytes) = try await bytes(request)
        return bytes.isEmpty ? .null : try JSONParser.parse(bytes)
    }

    /// Nil for what is not there (404).
    func find(_ request: APIRequest) async throws -> JSON? {
        do { return try await json(request) } catch let failure as ServerFailure where failure.isMissing { return nil }
    }

    /// The status with the whole body. Errors as `json`.
    func bytes(_ request: APIRequest, upload: HTTPClientRequest.Body? = nil) async throws -> (status: Int, body: [UInt8]) {
        let response = try await send(request, isStream: false, upload: upload)
        return (response.status.code, try await response.body.collect(limit: Self.answerLimit))
    }

    /// Hands over the body as it comes, without a limit of time. Errors as `json`.
    func stream(_ request: APIRequest, _ take: ([UInt8]) async throws -> Void) async throws {
        let response = try await send(request, isStream: true, upload: nil)
        for try await chunk in response.body { try await take(chunk) }
    }

    /// The stream's lines without their ends. - Parameter take: false ends the stream.
    func lines(_ request: APIRequest, _ take: ([UInt8]) async throws -> Bool) async throws {
        let response = try await send(request, isStream: true, upload: nil)
        var pending: [UInt8] = []
        for try await chunk in response.body {
            pending.append(contentsOf: chunk)
            var start = 0
            while let end = pending[start...].firstIndex(of: 10) {
                if end > start, try await !take(Array(pending[start..<end])) { return }
                start = end + 1
            }
            pending.removeFirst(start)
            guard pending.count <= Self.lineLimit else {
                throw MonoflowError(.resourceExhausted, "read stream", "\(origin)", "a line is longer than \(Self.lineLimit) bytes")
            }
        }
    }

    private func send(_ request: APIRequest, isStream: Bool, upload: HTTPClientRequest.Body?) async throws -> HTTPClientResponse {
        var headers = HTTPHeaders()
        headers.add("Authorization", "Bearer \(access.token)")
        headers.add("Accept", request.accept)
        headers.add("User-Agent", "monoflow-cli")
        if let body = request.body { headers.add("Content-Type", body.type) }
        let url = try HTTPURL(origin, target: prefix + request.target)
        var sent = HTTPClientRequest(request.method, url, headers: headers, body: upload ?? request.body.map { .bytes($0.bytes) } ?? .none)
        if isStream || upload != nil {
            var timeouts = HTTPTimeouts()
            timeouts.bodyIdle = nil
            if upload != nil { timeouts.head = .seconds(3_600) }
            sent.timeouts = timeouts
        }
        let response = try await http.send(sent)
        guard response.status.code < 400 else {
            throw ServerFailure(status: response.status.code, body: try await response.body.collect(limit: 4 << 20), url: "\(origin)")
        }
        guard response.status.code < 300 else {
            throw ServerFailure(status: response.status.code, message: "\(origin) answers \(response.status.code): it is not the server itself")
        }
        return response
    }
}
