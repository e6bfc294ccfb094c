import Core
import Foundation
import Processes
import Tasks

/// Reads what `monoflow-step` leaves in a task's directory: lines of key=value.
struct StepRecord {
    private let fields: [Substring: Substring]

    /// nil where the file does not exist (yet).
    init?(path: String) throws(MonoflowError) {
        let text: String
        do { text = String(decoding: try Files.read(path, limit: 64 << 10), as: UTF8.self) } catch {
            if error.code == .notFound { return nil }
            throw error
        }
        var fields: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            fields[line[..<equals]] = line[line.index(after: equals)...]
        }
        self.fields = fields
    }

    private func number<T: FixedWidthInteger>(_ key: Substring) -> T? { fields[key].flatMap { T($0) } }

    /// Who claimed the task; nil where the file is no claim.
    var claim: ProcessIdentity? {
        guard let boot = fields["boot"], let pid: Int32 = number("pid"), let start: UInt64 = number("start") else { return nil }
        return ProcessIdentity(bootID: String(boot), pid: pid, startTicks: start)
    }

    /// What a process that holds a network namespace has: the inodes of its namespaces, the port of the API; nil where this is no such record.
    var network: (net: UInt64, user: UInt64, port: Int)? {
        guard let net: UInt64 = number("net"), let user: UInt64 = number("user"), let port: Int = number("port") else { return nil }
        return (net, user, port)
    }

    /// How the task ended; nil where the file is no exit record.
    var exit: TaskExit? {
        guard let word = fields["reason"], let finished: Int64 = number("finished_ms") else { return nil }
        let code: Int32? = number("code")
        let signal: Int32? = number("signal")
        let told = fields["message"].map(String.init)
        let reason: TaskExit.Reason
        var message: String
        switch word {
        case "exited": (reason, message) = (.exited, code == 0 ? "completed" : "exit status \(code ?? -1)")
        case "signaled": (reason, message) = (.signaled, "ended by signal \(signal.map(Self.signalName) ?? "?")")
        case "deadline": (reason, message) = (.deadline, told ?? "deadline exceeded")
        case "stopped": (reason, message) = (.stopped, "stopped on request")
        default:
            (reason, message) = (.startFailed, told ?? (code == 127 ? "the command was not found; see the log" : "the command could not be started; see the log"))
        }
        if fields["out_of_memory"] != nil { message = "out of memory: " + message }
        let cpu: Int64? = number("cpu_us")
        return TaskExit(
            reason: reason, code: code, startedAt: number("started_ms").map(Timestamp.init(milliseconds:)),
            finishedAt: Timestamp(milliseconds: finished), message: message, maxResidentBytes: number("max_rss_bytes"),
            cpuSeconds: cpu.map { Double($0) / 1_000_000 })
    }

    private static func signalName(_ number: Int32) -> String {
        let names: [Int32: String] = [
            SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE",
            SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXFSZ: "SIGXFSZ",
        ]
        return names[number].map { "\(number) (\($0))" } ?? "\(number)"
    }
}
