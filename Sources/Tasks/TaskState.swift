import Core

/// `Pending → Admitted → Starting → Running → Succeeded | Failed | Cancelled | Lost`. The raw values are stored:
/// never rename one. A state is durable before its effect shows: `starting` is committed before the process is
/// made, an end is committed before anyone is told.
public enum TaskState: String, Codable, Sendable, CaseIterable {
    case pending, admitted, starting, running, succeeded, failed, cancelled, lost

    public var isTerminal: Bool {
        switch self {
        case .succeeded, .failed, .cancelled, .lost: true
        case .pending, .admitted, .starting, .running: false
        }
    }

    /// The states that may follow this one.
    public var successors: Set<TaskState> {
        switch self {
        case .pending: [.admitted, .failed, .cancelled]
        case .admitted: [.starting, .failed, .cancelled, .pending]
        case .starting: [.running, .succeeded, .failed, .cancelled, .lost]
        case .running: [.succeeded, .failed, .cancelled, .lost]
        case .succeeded, .failed, .cancelled, .lost: []
        }
    }
}

/// How a task's process ended, as its supervisor wrote it down.
public struct TaskExit: Codable, Sendable, Equatable {
    public enum Reason: String, Codable, Sendable {
        case exited, signaled, deadline, stopped, startFailed, lost
    }
    public var reason: Reason
    /// The command's exit status; 128 + signal where it was ended by one; nil where it never ran or was lost.
    public var code: Int32?
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp
    /// One line for people, e.g. `exit status 3`, `deadline of 5 s exceeded`.
    public var message: String
    public var maxResidentBytes: Int64?
    public var cpuSeconds: Double?

    public init(
        reason: Reason, code: Int32?, startedAt: Timestamp?, finishedAt: Timestamp, message: String,
        maxResidentBytes: Int64? = nil, cpuSeconds: Double? = nil
    ) {
        self.reason = reason
        self.code = code
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.message = message
        self.maxResidentBytes = maxResidentBytes
        self.cpuSeconds = cpuSeconds
    }

    public var succeeded: Bool { reason == .exited && code == 0 }
}
