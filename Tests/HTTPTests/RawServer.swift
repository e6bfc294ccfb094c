import CLinux
import Core
import Dispatch
import Foundation
import HTTP
import Sockets

/// A listening socket whose connections a test answers by hand, so that it can be as wrong as broken servers are.
final class RawServer: @unchecked Sendable {
    private let fd: Int32
    private let queue = DispatchQueue(label: "raw-server")
    let port: Int

    /// - Parameter receiveBuffer: of its connections; a small one makes a slow server out of one that does not read.
    init(receiveBuffer: Int32? = nil) throws {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if var size = receiveBuffer { setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size)) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { [fd] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, length) == 0 ? getsockname(fd, $0, &length) : -1 }
        }
        guard result == 0, listen(fd, 64) == 0 else { throw RawClient.Failure(message: "listen: \(String(cString: strerror(errno)))") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(fd) }

    var url: String { "http://127.0.0.1:\(port)" }

    /// The next connection; fails where none comes within 20 seconds.
    func accept() async throws -> RawClient {
        try await withCheckedThrowingContinuation { done in
            queue.async { [self] in
                let peer = Foundation.accept(fd, nil, nil)
                if peer < 0 { return done.resume(throwing: RawClient.Failure(message: "accept: \(String(cString: strerror(errno)))")) }
                done.resume(returning: RawClient(descriptor: peer))
            }
        }
    }

    /// Accepts a connection, reads a request's head and answers it.
    @discardableResult
    func answer(_ text: String) async throws -> (peer: RawClient, request: String) {
        let peer = try await accept()
        let request = try await peer.text(through: "\r\n\r\n")
        try await peer.send(text)
        return (peer, request)
    }
}

/// A client for the time of one test.
func makeClient(
    _ options: HTTPClientOptions = HTTPClientOptions(), tls: TLSClientContext? = nil, timing: RetryTiming = RetryTiming()
) throws -> HTTPClient {
    var options = options
    // Machines that run tests are busy.
    options.timeouts.connect = .seconds(60)
    return HTTPClient(group: try TestLoops.group, options: options, tls: tls, timing: timing)
}

/// The code of the error that the work ends with; nil where it ends without one.
func code(of work: () async throws -> Void) async -> MonoflowError.Code? {
    do { try await work() } catch { return (error as? MonoflowError)?.code ?? .internalError }
    return nil
}

/// Waits until the client's counters are as wanted; they change on other threads.
func settles(_ client: HTTPClient, _ isSettled: (HTTPClientCounters) -> Bool) async -> Bool {
    for _ in 0..<2000 {
        if isSettled(client.counters) { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return false
}
