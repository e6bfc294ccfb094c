import CLinux
import Core
import Foundation
@testable import Sockets

/// A connection under test: it tells what it is told, echoes where asked, and is driven from outside its loop.
final class Watched: ConnectionHandler, @unchecked Sendable {
    enum Event: Sendable, Equatable {
        case ready
        case bytes([UInt8])
        case readEnded(truncated: Bool)
        case peerClosed
        case closed(Int32, String?)
    }

    let connection: Connection
    private let echoes: Bool
    /// What it does after each delivery.
    enum Pause { case never, goOnLater, untilTold }
    private let pause: Pause
    private let sink: AsyncStream<Event>.Continuation
    private var events: AsyncStream<Event>.AsyncIterator
    private var unread: [UInt8] = []

    /// Takes the socket over and starts it on the loop.
    init(_ fd: Int32, _ loop: EventLoop, _ security: ConnectionSecurity, echoes: Bool = false, pause: Pause = .never) {
        _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)
        connection = Connection(AcceptedSocket(descriptor: fd, peer: "test"), loop: loop, security: security)
        self.echoes = echoes
        self.pause = pause
        let (stream, sink) = AsyncStream.makeStream(of: Event.self)
        self.sink = sink
        events = stream.makeAsyncIterator()
        loop.execute { [self] in connection.start(self) }
    }

    func connectionReady() { sink.yield(.ready) }

    func connectionReceived(_ bytes: UnsafeRawBufferPointer) {
        let copy = Array(bytes)
        if echoes {
            connection.write(copy)
            connection.flush()
        } else {
            sink.yield(.bytes(copy))
        }
        if pause == .never { return }
        connection.pauseReading()
        if pause == .untilTold { return }
        connection.loop.execute { [self] in connection.loop.execute { [self] in connection.resumeReading() } }
    }

    func connectionReadEnded() {
        sink.yield(.readEnded(truncated: connection.readWasTruncated))
        if echoes { connection.closeAfterFlush(linger: .seconds(2)) }
    }

    func connectionPeerClosed() { sink.yield(.peerClosed) }
    func connectionProgressed() {}

    func connectionClosed(error: Int32) {
        sink.yield(.closed(error, connection.closeReason))
        sink.finish()
    }

    /// The next event; nil after the last. One caller at a time.
    func next() async -> Event? { await events.next() }

    /// The next event that is not `peerClosed`, which may or may not come.
    func nextOfOwn() async -> Event? {
        while let event = await next() { if event != .peerClosed { return event } }
        return nil
    }

    /// Exactly so many bytes; fewer where something else comes first.
    func receive(_ count: Int) async -> [UInt8] {
        while unread.count < count {
            guard case .bytes(let more)? = await next() else { break }
            unread += more
        }
        let taken = Array(unread.prefix(count))
        unread.removeFirst(taken.count)
        return taken
    }

    func onLoop<T: Sendable>(_ work: @escaping @Sendable (Connection) -> T) async -> T {
        await withCheckedContinuation { done in connection.loop.execute { [self] in done.resume(returning: work(connection)) } }
    }

    func send(_ bytes: [UInt8]) async {
        await onLoop {
            $0.write(bytes)
            $0.flush()
        }
    }
}

/// A connected pair of stream sockets. - Parameter buffer: small ones make every write come back half done.
func socketPair(buffer: Int32? = nil) throws -> (Int32, Int32) {
    var pair: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else { throw Files.failure("socketpair", "") }
    for fd in pair {
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if var size = buffer { setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size)) }
    }
    return (pair[0], pair[1])
}

/// A directory that is removed at the end.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/monoflow-sockets-XXXXXX").utf8CString)
        guard let made = mkdtemp(&template) else { throw Files.failure("make directory", "") }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// An authority in a directory of its own, with what tests need of it.
struct TestAuthority {
    let scratch: Scratch
    let authority: CertificateAuthority
    /// The PEM text of its certificate.
    let roots: [UInt8]

    init(clock: WallClock = .system) throws {
        scratch = try Scratch()
        authority = try CertificateAuthority(directory: scratch.path, clock: clock)
        roots = try Files.read(authority.certificatePath)
    }

    func context(
        names: [String] = ["localhost", "127.0.0.1", "::1"], protocols: [String] = [], ticketKeys: TLSTicketKeys = TLSTicketKeys(),
        handshakeTimeout: Duration = .seconds(20)
    ) throws -> TLSServerContext {
        try TLSServerContext(
            identities: [try authority.serverIdentity(names: names)], protocols: protocols, ticketKeys: ticketKeys, handshakeTimeout: handshakeTimeout)
    }
}

/// Bytes that look random and are the same each time.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    return [UInt8](unsafeUninitializedCapacity: count) { out, filled in
        // Eight at a time, because this is a debug build.
        while filled < count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            let word = min(8, count - filled)
            withUnsafeBytes(of: state) { UnsafeMutableRawBufferPointer(out)[filled...].copyBytes(from: $0[..<word]) }
            filled += word
        }
    }
}
