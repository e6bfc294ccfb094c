import Core
import Dispatch
import Foundation
import HTTP
import Logging
import Synchronization

/// One line of JSON for each answered request, written behind the requests. The query is left out, because it may hold secrets.
final class AccessLog: Sendable {
    /// Lines that may wait for the disk; more are dropped and counted.
    static let capacity = 10_000

    private struct State {
        var lines: [[UInt8]] = []
        var dropped = 0
        var isScheduled = false
    }

    private let path: String
    private let clock: WallClock
    private let logger: Logger
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "monoflow.access-log", qos: .utility)
    private let descriptor: Mutex<Int32>

    /// - Parameter path: `-` is standard error. - Throws: where the file cannot be opened.
    init(path: String, clock: WallClock, logger: Logger) throws(MonoflowError) {
        (self.path, self.clock, self.logger) = (path, clock, logger)
        descriptor = Mutex(try Self.open(path))
    }

    deinit { descriptor.withLock { if $0 > 2 { close($0) } } }

    private static func open(_ path: String) throws(MonoflowError) -> Int32 {
        if path == "-" { return 2 }
        let file = Foundation.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw Files.failure("open access log", path) }
        return file
    }

    /// Goes on in the file that has the path now, for a rotation by renaming.
    func reopen() {
        do throws(MonoflowError) {
            let new = try Self.open(path)
            let old = descriptor.withLock { descriptor in
                defer { descriptor = new }
                return descriptor
            }
            if old > 2 { close(old) }
        } catch { logger.error("\(error)") }
    }

    /// Called on the event loops.
    func add(_ record: HTTPExchangeRecord) {
        let line = Self.line(record, at: clock.now())
        let schedule = state.withLock { state in
            guard state.lines.count < Self.capacity else {
                state.dropped += 1
                return false
            }
            state.lines.append(line)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if schedule { queue.async { [self] in write() } }
    }

    private func write() {
        let (lines, dropped) = state.withLock { state in
            defer { state = State() }
            return (state.lines, state.dropped)
        }
        let bytes = lines.flatMap { $0 }
        let isWhole = descriptor.withLock { file in
            bytes.withUnsafeBytes { raw in
                var at = 0
                while at < raw.count {
                    let count = Foundation.write(file, raw.baseAddress.map { $0 + at }, raw.count - at)
                    if count < 0 && errno == EINTR { continue }
                    if count <= 0 { return false }
                    at += count
                }
                return true
            }
        }
        if dropped > 0 || !isWhole { logger.warning("access log: \(dropped) line(s) were dropped\(isWhole ? "" : ", and some could not be written")") }
    }

    /// Waits until everything added before is written.
    func flush() { queue.sync { write() } }

    static func line(_ record: HTTPExchangeRecord, at time: Timestamp) -> [UInt8] {
        let request = record.request
        let (seconds, attoseconds) = record.duration.components
        let version = switch request.version { case .http10: "1.0"; case .http11: "1.1"; case .http2: "2" }
        let line = JSON.make([
            "time": .string(time.rfc3339(milliseconds: true)), "peer": .string(request.peer), "method": .string(request.method.rawValue),
            "path": .string(String(request.rawPath)), "route": request.route.map { .string($0) }, "status": .int(Int64(record.status.code)),
            "bytes": .int(record.bytesOut), "duration_us": .int(seconds * 1_000_000 + attoseconds / 1_000_000_000_000), "http": .string(version),
            "complete": record.isComplete ? nil : .bool(false), "user_agent": request.headers["User-Agent"].map { .string($0) },
        ])
        return line.serialized() + [10]
    }
}
