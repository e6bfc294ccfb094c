#if FUZZ
import CLinux
import Core
import Dispatch
import Foundation
import Logging
import Synchronization

@testable import HTTP
@testable import Sockets

/// A server's core on one event loop, whose connections are socket pairs.
final class ServerBench: @unchecked Sendable {
    let loop: EventLoop
    let core: ServerCore
    private let group: EventLoopGroup
    private let encoder = ResponseEncoder()
    private let ended = Ended()

    /// The exchanges of one connection.
    private final class Ended: Sendable {
        let records = Mutex<[HTTPExchangeRecord]>([])
    }

    init(_ routes: (inout Router) -> Void) throws {
        var router = Router()
        routes(&router)
        var limits = RequestReader.limits
        limits.inlineBodyBytes = 2048
        limits.streams = 100_000
        // Longer than whoever drives this waits: an end that needs a timer is one that hangs.
        limits.bodyTimeout = .seconds(3600)
        limits.writeTimeout = .seconds(3600)
        var log = Logger(label: "fuzz")
        log.logLevel = .critical
        group = try EventLoopGroup(count: 1)
        loop = group.loops[0]
        let box = ended
        core = ServerCore(table: RouteTable(router), limits: limits, log: log, onError: HTTPErrorTable.respond) { record in
            box.records.withLock { $0.append(record) }
        }
    }

    private func makeConnection() throws -> (HTTP1Connection, peer: Int32) {
        var pair: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0, &pair) == 0 else {
            throw FuzzFailure("no socket pair: \(String(cString: strerror(errno)))")
        }
        let socket = AcceptedSocket(descriptor: pair[0], peer: "fuzz")
        return (HTTP1Connection(socket, loop: loop, security: .plain, encoder: encoder, core: core), pair[1])
    }

    /// What was sent, and the exchanges in the order in which they ended.
    typealias Answer = (output: [UInt8], exchanges: [HTTPExchangeRecord])

    /// The same bytes in one piece to one connection, and in pieces to another, all within one turn of the loop.
    func feed(_ whole: UnsafeRawBufferPointer, _ pieces: [UnsafeRawBufferPointer]) throws -> (whole: Answer, cut: Answer) {
        let (one, many) = (Array(whole), pieces.map { Array($0) })
        return try onLoop { [self] in (try feed([one]), try feed(many)) }
    }

    /// Hands the pieces to a connection as if each were one read, and the end behind them.
    private func feed(_ pieces: [[UInt8]]) throws -> Answer {
        ended.records.withLock { $0.removeAll() }
        let (http, peer) = try makeConnection()
        defer { close(peer) }
        http.start()
        let connection = http.connection
        for piece in pieces where !connection.isClosed && !connection.discarding {
            piece.withUnsafeBytes { connection.handler?.connectionReceived($0) }
        }
        if !connection.isClosed && !connection.discarding { connection.handler?.connectionReadEnded() }
        let output = Self.read(peer)
        connection.close()
        return (output, ended.records.withLock { $0 })
    }

    private func onLoop<T: Sendable>(_ work: @escaping @Sendable () throws -> T) throws -> T {
        let done = DispatchSemaphore(value: 0), result = Mutex<Result<T, any Error>?>(nil)
        loop.execute {
            let value = Result { try work() }
            result.withLock { $0 = value }
            done.signal()
        }
        guard done.wait(timeout: .now() + 20) == .success, let value = result.withLock({ $0 }) else { throw FuzzFailure("the event loop hangs") }
        return try value.get()
    }

    /// What there is now.
    private static func read(_ descriptor: Int32) -> [UInt8] {
        var output: [UInt8] = [], chunk = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = recv(descriptor, &chunk, chunk.count, 0), count > 0 { output += chunk[..<count] }
        return output
    }

    /// Sends the pieces through the socket, half closes, and reads to the end.
    func converse(_ pieces: [UnsafeRawBufferPointer]) throws -> [UInt8] {
        let (http, peer) = try makeConnection()
        defer { close(peer) }
        loop.execute { http.start() }
        for piece in pieces {
            let count = send(peer, piece.baseAddress, piece.count, Int32(MSG_NOSIGNAL))
            // The server may have closed already.
            if count < piece.count { break }
            sched_yield()
        }
        shutdown(peer, Int32(SHUT_WR))
        var output: [UInt8] = [], chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var wait = pollfd(fd: peer, events: Int16(POLLIN), revents: 0)
            let ready = poll(&wait, 1, 10_000)
            // libFuzzer's clock interrupts now and then.
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { throw FuzzFailure("the connection does not end; so far it sent \(output.shown)") }
            let count = recv(peer, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return output }
            output += chunk[..<count]
        }
    }
}
#endif
