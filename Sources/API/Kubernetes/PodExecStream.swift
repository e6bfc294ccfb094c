import Core
import HTTP
import Tasks

/// A process's streams on one WebSocket: each message begins with the number of a channel.
struct PodExecStream: Sendable {
    private enum Channel {
        static let input: UInt8 = 0, output: UInt8 = 1, errors: UInt8 = 2, status: UInt8 = 3, size: UInt8 = 4
        /// The channel whose number follows has ended; from version 5 on.
        static let close: UInt8 = 255
    }

    private enum Step {
        case clientGone, served, waited
    }

    /// Of sizes and ends.
    private static let longestControl = 1024

    let socket: WebSocket
    let session: any TaskSession
    let request: SessionRequest

    /// Returns when both sides have ended, or the client is gone; the process has ended then, too.
    func run() async throws {
        defer { session.close() }
        // Clients wait for a first message before they take the stream for open.
        try await socket.send([request.hasOutput ? Channel.output : request.hasErrors ? Channel.errors : Channel.status])
        try await withThrowingTaskGroup(of: Step.self) { group in
            group.addTask {
                try await receive()
                return .clientGone
            }
            group.addTask {
                try await serve()
                return .served
            }
            defer { group.cancelAll() }
            guard case .served = try await group.next() else { return }
            group.addTask {
                try await Task.sleep(for: WebSocket.closingTime)
                return .waited
            }
            _ = try await group.next()
        }
    }

    // MARK: From the process

    private func serve() async throws {
        async let output: Void = pump(Channel.output) { try await session.output() }
        async let errors: Void = pump(Channel.errors) { try await session.errors() }
        let end = try await session.end()
        _ = try await (output, errors)
        try await socket.send([Channel.status] + Self.status(end).serialized())
        try await socket.sendClose()
    }

    private func pump(_ channel: UInt8, _ next: () async throws -> [UInt8]?) async throws {
        // What is not asked for is read and dropped: a terminal has no other way.
        while let bytes = try await next() { if channel != Channel.output || request.hasOutput { try await socket.send([channel] + bytes) } }
    }

    /// As clients of version 4 and later read the exit status.
    static func status(_ end: SessionEnd) -> JSON {
        func failure(_ code: Int32) -> JSON {
            .make([
                "metadata": [:], "status": "Failure", "reason": "NonZeroExitCode",
                "message": .string("command terminated with non-zero exit code: exit status \(code)"),
                "details": ["causes": [["reason": "ExitCode", "message": .string("\(code)")]]],
            ])
        }
        func broken(_ message: String) -> JSON {
            .make(["metadata": [:], "status": "Failure", "reason": "InternalError", "message": .string(message), "code": 500])
        }
        return switch end {
        case .exited(0): .make(["metadata": [:], "status": "Success"])
        case .exited(let code): failure(code)
        case .signaled(let number): failure(128 + number)
        case .notStarted: broken("the process could not be started: too many run beside the pod's own")
        case .closed: broken("the server is stopping")
        case .taskEnded: broken("the pod has ended, and the process with it")
        }
    }

    // MARK: From the client

    private func receive() async throws {
        var channel: UInt8?, control: [UInt8] = [], takesInput = request.hasInput
        try await socket.receive { piece in
            var bytes = piece.bytes[...]
            if piece.isFirst { (channel, control) = (nil, []) }
            if channel == nil {
                guard let first = bytes.popFirst() else { return }
                channel = first
            }
            switch channel {
            case Channel.input: if takesInput { try await session.write(Array(bytes)) }
            case Channel.size, Channel.close:
                control += bytes
                guard control.count <= Self.longestControl else { throw MonoflowError(.invalidArgument, "exec", "", "a message of control is too long") }
                guard piece.isLast else { return }
                if channel == Channel.size { resize(control) } else if takesInput, socket.subprotocol == "v5.channel.k8s.io", control == [Channel.input] {
                    takesInput = false
                    try await session.endInput()
                }
            default: break
            }
        }
    }

    /// What is no size is passed over, as everywhere.
    private func resize(_ bytes: [UInt8]) {
        guard let size = try? JSONParser.parse(bytes), let width = size["Width"]?.intValue, let height = size["Height"]?.intValue else { return }
        session.resize(columns: UInt16(clamping: width), rows: UInt16(clamping: height))
    }
}
