import Core
import Synchronization

/// The server's end of a WebSocket. One task reads; any may send.
public final class WebSocket: Sendable {
    /// A part of a message: a message of any length comes in pieces.
    public struct Piece: Sendable, Equatable {
        public var isText: Bool
        public var bytes: [UInt8]
        public var isFirst: Bool
        public var isLast: Bool
    }

    /// How long the client has to close after the server did.
    private static let closing = Duration.seconds(5)
    /// Clients take these for a sign of life where what they send is held back and their pings wait behind it.
    private static let heartbeat = Duration.seconds(20)

    /// The subprotocol that was chosen; empty where none was offered.
    public let subprotocol: String
    private let input: HTTPBody
    private let writer: ResponseWriter
    private let lock = SendingLock()
    private let isClosing = Atomic(false)

    init(subprotocol: String, input: HTTPBody, writer: ResponseWriter) {
        self.subprotocol = subprotocol
        self.input = input
        self.writer = writer
    }

    /// Whether the request asks for one, rightly or not.
    public static func isAsked(_ request: HTTPRequest) -> Bool { WebSocketHandshake.isAsked(request.headers) }

    /// Answers the handshake of RFC 6455 and runs the body, after which the WebSocket is closed.
    /// - Parameter subprotocols: those that are spoken, the best first; where the list is empty none is chosen.
    /// - Returns: a refusal where the handshake is none, or none of the subprotocols is offered.
    public static func accept(
        _ request: HTTPRequest, subprotocols: [String], _ body: @escaping @Sendable (WebSocket) async throws -> Void
    ) -> HTTPResponse {
        let handshake: WebSocketHandshake
        do throws(WebSocketRefusal) { handshake = try WebSocketHandshake(request) } catch { return error.response }
        let chosen = subprotocols.first(where: handshake.protocols.contains)
        guard chosen != nil || subprotocols.isEmpty else {
            return WebSocketRefusal("none of the subprotocols is offered that are spoken here: \(subprotocols.joined(separator: ", "))").response
        }
        var response = HTTPResponse(.switchingProtocols, headers: ["Upgrade": "websocket", "Sec-WebSocket-Accept": handshake.accept])
        if let chosen { response.headers.add("Sec-WebSocket-Protocol", chosen) }
        response.body = .tunnel { input, writer in
            let socket = WebSocket(subprotocol: chosen ?? "", input: input, writer: writer)
            try await socket.withHeartbeat { try await body(socket) }
        }
        return response
    }

    private func withHeartbeat(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !Task.isCancelled {
                    try await Task.sleep(for: Self.heartbeat)
                    try await self.send(opcode: 10, [])
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Sends one binary message; waits while the client is behind.
    /// - Throws: `cancelled` where the client is gone.
    public func send(_ bytes: [UInt8]) async throws { try await send(opcode: 2, bytes) }

    private func send(opcode: UInt8, _ payload: [UInt8]) async throws {
        if isClosing.load(ordering: .acquiring) { return }
        await lock.take()
        defer { lock.release() }
        try await write(opcode, payload)
    }

    /// Hands every piece of what the client sends to the closure and holds the client back meanwhile; answers pings. Returns when the
    /// client has closed or is gone.
    /// - Throws: `invalidArgument` for frames that no client may send, after telling it so; what the closure throws.
    public func receive(_ take: (Piece) async throws -> Void) async throws {
        var reader = WebSocketFrameReader()
        for try await bytes in input {
            let events: [WebSocketFrameReader.Event]
            do throws(MonoflowError) { events = try reader.read(bytes) } catch {
                try? await sendClose(1002)
                throw error
            }
            for event in events {
                switch event {
                case .data(let isText, let bytes, let isFirst, let isLast):
                    try await take(Piece(isText: isText, bytes: bytes, isFirst: isFirst, isLast: isLast))
                case .ping(let payload): try await send(opcode: 10, payload)
                case .pong: break
                case .close:
                    try? await sendClose(1000)
                    return
                }
            }
        }
    }

    /// Says that nothing more will come. The client's answer is read by `receive`, which should go on for a while: bytes that nobody
    /// reads would have the connection broken off, and what was sent last with it.
    public func sendClose(_ code: UInt16 = 1000) async throws {
        if isClosing.exchange(true, ordering: .acquiringAndReleasing) { return }
        await lock.take()
        defer { lock.release() }
        try await write(8, [UInt8(code >> 8), UInt8(code & 0xff)])
    }

    /// Frames have TLS records of their own: clients that wait on the socket itself, such as Kubernetes' for Python, do not see a second one
    /// in the record that they have read.
    private func write(_ opcode: UInt8, _ payload: [UInt8]) async throws {
        try await writer.write(WebSocketFrameReader.frame(opcode, payload))
        try await writer.flush()
    }

    /// The time after `sendClose` for which a client is waited.
    public static var closingTime: Duration { closing }
}

/// One sender at a time, in the order in which they came.
private final class SendingLock: Sendable {
    private struct State {
        var isTaken = false
        var line: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isTaken { state.line.append(continuation) }
                defer { state.isTaken = true }
                return !state.isTaken
            }
            if isFree { continuation.resume() }
        }
    }

    func release() {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.line.isEmpty else { return state.line.removeFirst() }
            state.isTaken = false
            return nil
        }?.resume()
    }
}
