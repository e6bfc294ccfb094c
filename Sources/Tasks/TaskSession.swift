import Core

/// A further process to run beside a task's own, in the same sandbox.
public struct SessionRequest: Sendable, Equatable {
    /// The program, found by the task's `PATH`, and its arguments.
    public var command: [String]
    /// Which of the three standard streams are connected; the others are `/dev/null`.
    public var hasInput: Bool
    public var hasOutput: Bool
    public var hasErrors: Bool
    /// The process has a terminal; what it writes to either stream comes as output.
    public var hasTerminal: Bool

    /// Bytes of the command, each part with one that ends it, and number of its parts.
    public static let commandBytes = 64 << 10
    public static let commandParts = 4096

    public init(command: [String], hasInput: Bool = false, hasOutput: Bool = true, hasErrors: Bool = true, hasTerminal: Bool = false) {
        self.command = command
        self.hasInput = hasInput
        self.hasOutput = hasOutput
        self.hasErrors = hasErrors
        self.hasTerminal = hasTerminal
    }
}

/// How the process of a session ended.
public enum SessionEnd: Sendable, Equatable {
    /// 126 and 127 as shells use them: the command could not be run, or was not found; standard error says so.
    case exited(Int32)
    case signaled(Int32)
    /// The task has as many sessions as it may have, or no process could be made.
    case notStarted
    /// The task has ended, and the process with it.
    case taskEnded
    /// It was closed, by its holder or because the server stops.
    case closed
}

/// A process beside a task's own. `close` has to be called once it is of no use any more; it ends the process where it still runs.
public protocol TaskSession: Sendable {
    /// Hands bytes to the process, and waits while it does not read them. What it will never read is dropped.
    /// - Throws: `CancellationError`.
    func write(_ bytes: [UInt8]) async throws

    /// Nothing more will be written. On a terminal it is told as Ctrl-D.
    func endInput() async throws

    /// The next bytes of its output, at most 32 KiB; nil where there will be no more. One reader at a time.
    /// - Throws: `CancellationError`.
    func output() async throws -> [UInt8]?

    /// The same of what it writes as errors.
    func errors() async throws -> [UInt8]?

    /// Tells the size of the terminal; does nothing without one.
    func resize(columns: UInt16, rows: UInt16)

    /// Returns when the process has ended. Its output may still have to be read.
    /// - Throws: `CancellationError`.
    func end() async throws -> SessionEnd

    func close()
}
