import Core
import Synchronization

/// Bytes both ways between a client and a server until one of them has ended, or nothing was sent for too long.
struct Tunnel: Sendable {
    /// How often the time without bytes is looked at.
    private static let steps = 4

    let server: HTTPUpgrade
    let idle: Duration
    let halfOpen: Duration

    private enum End {
        case client, server, idle
    }

    /// What the two directions share.
    private final class Progress: Sendable {
        let chunks = Atomic(0)
    }

    /// Returns when the server has ended its direction, or after the time limits; what was written is then still to be sent.
    /// - Throws: where one side broke off.
    func run(_ client: HTTPBody, _ writer: ResponseWriter) async throws {
        let progress = Progress()
        defer { server.close() }
        try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask {
                for try await chunk in client {
                    progress.chunks.add(1, ordering: .relaxed)
                    try await server.output.write(chunk)
                }
                server.endOutput()
                return .client
            }
            group.addTask {
                for try await chunk in server.input {
                    progress.chunks.add(1, ordering: .relaxed)
                    try await writer.write(chunk)
                }
                return .server
            }
            group.addTask { try await watch(progress, limit: idle) }
            defer { group.cancelAll() }
            while let end = try await group.next() {
                guard case .client = end else { return }
                // The server may finish what it has to say.
                group.addTask { try await watch(progress, limit: halfOpen) }
            }
        }
    }

    /// Ends when no chunk has come for the time that is allowed.
    private func watch(_ progress: Progress, limit: Duration) async throws -> End {
        var seen = progress.chunks.load(ordering: .relaxed), still = 0
        while still < Self.steps {
            try await Task.sleep(for: limit / Self.steps)
            let now = progress.chunks.load(ordering: .relaxed)
            still = now == seen ? still + 1 : 0
            seen = now
        }
        return .idle
    }
}
