import CLinux
import Dispatch
import Foundation
import HTTP
import Logging
import Sockets

/// A client that sends exactly the bytes it is told, so that tests can be as wrong as attackers are. Its blocking calls
/// run on a queue of its own, off the pool that the server's handlers need.
final class RawClient: @unchecked Sendable {
    private let fd: Int32
    private let queue = DispatchQueue(label: "raw-client")
    private var buffer: [UInt8] = []
    private var isOpen = true

    struct Failure: Error { let message: String }

    /// - Parameter receiveBuffer: a small one makes a slow client out of one that does not read.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        if var size = receiveBuffer { setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size)) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard result == 0 else { throw Failure(message: "connect: \(String(cString: strerror(errno)))") }
    }

    /// One end of a connection that a test accepted.
    init(descriptor: Int32) {
        fd = descriptor
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { if isOpen { Foundation.close(fd) } }

    private func perform<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { done in queue.async { done.resume(with: Result { try work() }) } }
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await perform { [self] in
            var at = 0
            while at < bytes.count {
                let count = bytes[at...].withUnsafeBytes { Foundation.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard count > 0 else { throw Failure(message: "send: \(String(cString: strerror(errno)))") }
                at += count
            }
        }
    }

    func halfClose() async throws { _ = try await perform { [self] in shutdown(fd, Int32(SHUT_WR)) } }

    /// - Parameter reset: end with RST instead of FIN.
    func close(reset: Bool = false) async throws {
        try await perform { [self] in
            var value = Foundation.linger(l_onoff: reset ? 1 : 0, l_linger: 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<Foundation.linger>.size))
            if isOpen { Foundation.close(fd) }
            isOpen = false
        }
    }

    /// False at the end of the connection.
    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(fd, &chunk, chunk.count, 0)
        if count < 0 { throw Failure(message: "recv: \(String(cString: strerror(errno)))") }
        buffer.append(contentsOf: chunk[..<count])
        return count > 0
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { if try !fill() { throw Failure(message: "ended after \(buffer.count) of \(count) bytes") } }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    private func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let text = String(decoding: try take(end + 1), as: UTF8.self)
                return text.hasSuffix("\r\n") ? String(text.dropLast()) : text  // one Character
            }
            if try !fill() { throw Failure(message: "ended inside a line") }
        }
    }

    struct Response: Sendable {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// One response, its body by length, chunks, or to the end. - Parameter head: a response to HEAD has no body.
    func response(head: Bool = false) async throws -> Response {
        try await perform { [self] in
            var (status, headers) = try readHead()
            while status == 100 { (status, headers) = try readHead() }
            var body: [UInt8] = []
            if head || status == 204 || status == 304 {
            } else if headers["transfer-encoding"] == "chunked" {
                while let chunk = try readChunk() { body += chunk }
            } else if let length = headers["content-length"].flatMap({ Int($0) }) {
                body = try take(length)
            } else {
                while try fill() {}
                body = try take(buffer.count)
            }
            return Response(status: status, headers: headers, body: body)
        }
    }

    private func readHead() throws -> (Int, [String: String]) {
        let status = try line()
        var headers: [String: String] = [:]
        while case let text = try line(), !text.isEmpty {
            let parts = text.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            headers[parts[0].lowercased()] = parts.count > 1 ? parts[1] : ""
        }
        guard status.hasPrefix("HTTP/1.1 "), let code = Int(status.dropFirst(9).prefix(3)) else {
            throw Failure(message: "no status line: \(status)")
        }
        return (code, headers)
    }

    func head() async throws -> (status: Int, headers: [String: String]) { try await perform { [self] in try readHead() } }

    private func readChunk() throws -> [UInt8]? {
        guard let size = Int(try line(), radix: 16) else { throw Failure(message: "no chunk size") }
        if size == 0 {
            _ = try line()
            return nil
        }
        let bytes = try take(size)
        _ = try take(2)
        return bytes
    }

    /// The next chunk of a chunked body, nil after the last.
    func chunk() async throws -> String? { try await perform { [self] in try readChunk().map { String(decoding: $0, as: UTF8.self) } } }

    func chunkBytes() async throws -> [UInt8]? { try await perform { [self] in try readChunk() } }

    /// The text up to and with the marker.
    func text(through marker: String) async throws -> String {
        try await perform { [self] in
            let wanted = Array(marker.utf8)
            while true {
                if let range = buffer.firstRange(of: wanted) { return String(decoding: try take(range.upperBound), as: UTF8.self) }
                if try !fill() { throw Failure(message: "ended before the marker: \(String(decoding: buffer, as: UTF8.self))") }
            }
        }
    }

    /// Reads so many bytes and keeps none: tests of large bodies must not look like servers that keep them.
    func skip(_ count: Int) async throws {
        try await perform { [self] in
            var left = count - buffer.count
            buffer.removeFirst(min(count, buffer.count))
            var chunk = [UInt8](repeating: 0, count: 256 << 10)
            while left > 0 {
                let got = recv(fd, &chunk, min(chunk.count, left), 0)
                guard got > 0 else { throw Failure(message: "ended \(left) bytes too early") }
                left -= got
            }
        }
    }

    /// Sends so many bytes, all alike.
    func send(count: Int) async throws {
        let piece = [UInt8](repeating: 1, count: 256 << 10)
        for start in stride(from: 0, to: count, by: piece.count) {
            try await send(count - start >= piece.count ? piece : Array(piece[..<(count - start)]))
        }
    }

    func bytes(_ count: Int) async throws -> [UInt8] { try await perform { [self] in try take(count) } }

    /// Whether the server has closed, and nothing is left to read.
    func isAtEnd() async throws -> Bool { try await perform { [self] in try buffer.isEmpty && !fill() } }

    /// Everything up to the end of the connection.
    func rest() async throws -> String {
        try await perform { [self] in
            while try fill() {}
            return String(decoding: try take(buffer.count), as: UTF8.self)
        }
    }

    func request(_ text: String, head: Bool = false) async throws -> Response {
        try await send(text)
        return try await response(head: head)
    }
}

/// A server on a free loopback port for the time of one test.
func withServer(
    limits: HTTPLimits = HTTPLimits(), observer: (@Sendable (HTTPExchangeRecord) -> Void)? = nil,
    _ routes: (inout Router) -> Void, _ body: (HTTPServer, Int) async throws -> Void
) async throws {
    var router = Router()
    routes(&router)
    var log = Logger(label: "test")
    log.logLevel = .critical
    let server = HTTPServer(router: router, group: try TestLoops.group, limits: limits, log: log, observer: observer)
    let address = try server.start(SocketAddress("127.0.0.1:0"))
    do { try await body(server, address.port) } catch {
        await server.drain(timeout: .zero)
        throw error
    }
    await server.drain(timeout: .zero)
}

/// A one-time signal from a handler to a test.
struct Signal: Sendable {
    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(64)) }

    func fire(_ text: String = "") { continuation.yield(text) }

    /// Nil where it does not come within 20 seconds.
    func wait() async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                for await text in stream { return text }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(20))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
