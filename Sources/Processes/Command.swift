import Core
import Dispatch
import Foundation

/// A short helper program run to its end, its output kept.
public struct Command: Sendable {
    public struct Result: Sendable {
        /// Exit status; 128 + signal where it was ended by one.
        public var status: Int32
        /// Standard output, and standard error with it.
        public var output: String
    }

    public var arguments: [String]
    public var environment: [String]
    public var timeout: Duration
    /// Bytes of output that are kept; the rest is read and dropped.
    public var outputLimit: Int

    public init(_ arguments: [String], environment: [String] = [], timeout: Duration = .seconds(10), outputLimit: Int = 64 << 10) {
        self.arguments = arguments
        self.environment = environment
        self.timeout = timeout
        self.outputLimit = outputLimit
    }

    /// Blocks the calling thread: for starts and for queues made for it, never for an event loop.
    /// - Throws: `deadlineExceeded` past the timeout (the program is ended), `internalError` where it cannot start.
    public func run() throws(MonoflowError) -> Result {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Files.failure("start process", arguments[0]) }
        ends.forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let pid: Int32
        do {
            defer { close(ends[1]) }
            pid = try Spawn.start(arguments, environment: environment, descriptors: [1: ends[1], 2: ends[1]], ownSession: true)
        }
        let deadline = ContinuousClock.now + timeout
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let left = (deadline - .now).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            var ready = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
            let count = milliseconds <= 0 ? 0 : poll(&ready, 1, Int32(clamping: milliseconds))
            if count < 0 && errno == EINTR { continue }
            if count <= 0 {
                kill(-pid, SIGKILL)
                _ = reap(pid)
                throw MonoflowError(.deadlineExceeded, "run", arguments[0], "no end within \(timeout)")
            }
            let got = read(ends[0], &chunk, chunk.count)
            if got < 0 && errno == EINTR { continue }
            if got <= 0 { break }
            output.append(contentsOf: chunk[..<min(got, max(0, outputLimit - output.count))])
        }
        return Result(status: reap(pid), output: String(decoding: output, as: UTF8.self))
    }

    private func reap(_ pid: Int32) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
}
