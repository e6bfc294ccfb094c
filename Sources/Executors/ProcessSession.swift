import Artifacts
import CLinux
import Core
import Dispatch
import Foundation
import Processes
import Synchronization
import Tasks

/// A process that the first process of a task's sandbox has started for this server. Ends of pipes or of a terminal, and a connection that
/// tells of the end, are all that this side has of it. This process must ignore SIGPIPE, as the server does.
final class ProcessSession: TaskSession {
    private static let chunk = 32 << 10
    /// Ctrl-D.
    private static let endOfInput: [UInt8] = [4]
    private static let terminalDelay = Duration.milliseconds(50)

    /// Descriptors of this side; -1 for none. On a terminal the first two are the same.
    private struct Ends {
        var input: Int32 = -1
        var output: Int32 = -1
        var errors: Int32 = -1
        var connection: Int32 = -1
    }

    private let ends: Ends
    private let hasTerminal: Bool
    private let poll: DescriptorPoll
    private let hasEnded = Atomic(false)
    private let onClose: @Sendable () -> Void
    private let isClosed = Atomic(false)

    /// - Parameters:
    ///   - directory: the task's, where its supervisor listens.
    ///   - owner: whom pipes and terminals belong to inside.
    init(directory: String, owner: FileOwner, _ request: SessionRequest, queue: DispatchQueue, onClose: @escaping @Sendable () -> Void) throws {
        self.onClose = onClose
        hasTerminal = request.hasTerminal
        poll = try DescriptorPoll(queue: queue)
        var ends = Ends()
        var theirs: [Int32] = []
        defer { Set(theirs).forEach { _ = Glibc.close($0) } }
        do {
            ends.connection = try Self.kept(Self.connect(directory), poll)
            if request.hasTerminal {
                var other: Int32 = -1
                let terminal = clinux_open_terminal(&other)
                guard terminal >= 0 else { throw Files.failure("open session", "terminal") }
                theirs = [other, other, other]
                _ = fchown(other, owner.uid, owner.gid)
                ends.output = try Self.kept(terminal, poll)
                if request.hasInput { ends.input = ends.output }
            } else {
                (theirs, ends) = try Self.pipes(request, owner, ends, poll)
            }
            try Self.ask(ends.connection, request, theirs)
        } catch {
            poll.close()
            throw error
        }
        self.ends = ends
    }

    private static func kept(_ descriptor: Int32, _ poll: DescriptorPoll) throws(MonoflowError) -> Int32 {
        guard poll.add(descriptor) else { throw MonoflowError(.resourceExhausted, "open session", "", "no descriptor is left") }
        return descriptor
    }

    /// The directory's path may be longer than a socket's can be.
    private static func connect(_ directory: String) throws(MonoflowError) -> Int32 {
        let place = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard place >= 0 else { throw notRunning(directory) }
        defer { Glibc.close(place) }
        let connection = clinux_connect_packets("/proc/self/fd/\(place)/sessions")
        guard connection >= 0 else {
            if errno == EAGAIN { throw MonoflowError(.resourceExhausted, "open session", "", "too many are being opened at once") }
            throw notRunning(directory)
        }
        return connection
    }

    static func notRunning(_ subject: String) -> MonoflowError {
        MonoflowError(.failedPrecondition, "open session", (subject as NSString).lastPathComponent, "its process does not run")
    }

    private static func pipes(
        _ request: SessionRequest, _ owner: FileOwner, _ before: Ends, _ poll: DescriptorPoll
    ) throws(MonoflowError) -> (theirs: [Int32], ends: Ends) {
        var theirs: [Int32] = [], ends = before
        do throws(MonoflowError) {
            for (index, isOpen) in [request.hasInput, request.hasOutput, request.hasErrors].enumerated() {
                guard isOpen else {
                    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
                    guard nothing >= 0 else { throw Files.failure("open session", "/dev/null") }
                    theirs.append(nothing)
                    continue
                }
                var pair: [Int32] = [-1, -1]
                guard clinux_pipe(&pair) == 0 else { throw Files.failure("open session", "pipe") }
                let own = index == 0 ? pair[1] : pair[0], other = index == 0 ? pair[0] : pair[1]
                theirs.append(other)
                // For programs that open /dev/stdout.
                _ = fchown(other, owner.uid, owner.gid)
                _ = try kept(own, poll)
                if index == 0 { ends.input = own } else if index == 1 { ends.output = own } else { ends.errors = own }
            }
        } catch {
            theirs.forEach { _ = Glibc.close($0) }
            throw error
        }
        return (theirs, ends)
    }

    /// As `monoflow-step` reads it: two numbers, then the command's texts.
    private static func ask(_ connection: Int32, _ request: SessionRequest, _ descriptors: [Int32]) throws(MonoflowError) {
        var message: [UInt8] = []
        for number in [Int32(request.command.count), request.hasTerminal ? 1 : 0] { withUnsafeBytes(of: number) { message += $0 } }
        for part in request.command { message += Array(part.utf8) + [0] }
        let sent = clinux_send_descriptors(connection, message, message.count, descriptors, Int32(descriptors.count)) == 0
        // Where it was closed already the reason is still to be read: `end` tells it.
        guard sent || errno == EPIPE || errno == ECONNRESET else { throw Files.failure("open session", "command") }
    }

    func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        poll.close()
        onClose()
    }

    deinit { close() }

    // MARK: Streams

    func write(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        while !rest.isEmpty, !hasEnded.load(ordering: .acquiring) {
            let (count, error) = poll.use(ends.input) { fd -> (Int, Int32) in
                let count = rest.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
                return (count, errno)
            } ?? (-1, EPIPE)
            if count > 0 { rest = rest.dropFirst(count) } else if count < 0 && error == EAGAIN { try await poll.wait(ends.input, writing: true) } else if error != EINTR { return }
        }
    }

    func endInput() async throws {
        if hasTerminal { return try await write(Self.endOfInput) }
        poll.close(ends.input)
    }

    func output() async throws -> [UInt8]? { try await read(ends.output) }
    func errors() async throws -> [UInt8]? { try await read(ends.errors) }

    private func read(_ descriptor: Int32) async throws -> [UInt8]? {
        guard descriptor >= 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.chunk), lastTries = hasTerminal ? 2 : 1
        while true {
            // Asked before the stream is: what was written before the end is never missed.
            let isLast = hasEnded.load(ordering: .acquiring)
            let (count, error) = poll.use(descriptor) { fd -> (Int, Int32) in
                let count = Glibc.read(fd, &bytes, bytes.count)
                return (count, errno)
            } ?? (0, 0)
            if count > 0 { return Array(bytes[..<count]) }
            if count < 0 && error == EINTR { continue }
            // EIO: nobody has the terminal open any more.
            guard count < 0, error == EAGAIN else { return nil }
            guard isLast else {
                try await poll.wait(descriptor)
                continue
            }
            // What the process has left behind may keep the stream open for ever. The kernel hands what was written to a terminal on a little later.
            lastTries -= 1
            if lastTries == 0 { return nil }
            try await Task.sleep(for: Self.terminalDelay)
        }
    }

    func resize(columns: UInt16, rows: UInt16) {
        if hasTerminal { _ = poll.use(ends.output) { clinux_resize_terminal($0, columns, rows) } }
    }

    // MARK: The end

    func end() async throws -> SessionEnd {
        var report: [Int32] = [0, 0]
        while true {
            let (count, error) = poll.use(ends.connection) { fd -> (Int, Int32) in
                let count = Glibc.recv(fd, &report, 8, 0)
                return (count, errno)
            } ?? (0, 0)
            // ECONNRESET is told once, before what was sent: the other side did not read all.
            if count < 0 && (error == EINTR || error == ECONNRESET) { continue }
            if count < 0 && error == EAGAIN {
                try await poll.wait(ends.connection)
                continue
            }
            hasEnded.store(true, ordering: .releasing)
            poll.wake()
            guard count == 8 else { return isClosed.load(ordering: .acquiring) ? .closed : .taskEnded }
            return switch report[0] {
            case 2: .exited(report[1])
            case 3: .signaled(report[1])
            default: .notStarted
            }
        }
    }
}

extension ProcessExecutor {
    public func openSession(taskID: String, _ request: SessionRequest) async throws -> any TaskSession {
        let directory = try directory(taskID)
        let size = request.command.reduce(0) { $0 + $1.utf8.count + 1 }
        guard !request.command.isEmpty, !request.command[0].isEmpty, request.command.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw MonoflowError(.invalidArgument, "open session", "command", "is empty, or has a zero byte")
        }
        guard size <= SessionRequest.commandBytes, request.command.count <= SessionRequest.commandParts else {
            throw MonoflowError(.invalidArgument, "open session", "command", "is longer than \(SessionRequest.commandBytes) bytes or \(SessionRequest.commandParts) parts")
        }
        let key = try sessions.enter()
        do {
            let session = try await startSession(taskID, directory, request, key)
            sessions.keep(key, session)
            return session
        } catch {
            sessions.leave(key)
            throw error
        }
    }

    /// Ends every session, and tells those who wait for its end.
    public func closeSessions() { sessions.closeAll() }

    /// A supervisor that has just been started may not listen yet.
    private func startSession(_ taskID: String, _ directory: String, _ request: SessionRequest, _ key: Int) async throws -> ProcessSession {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            var info = stat()
            guard let identity = try handle(of: taskID)?.identity, supervisor.isAlive(identity), stat(directory + "/root", &info) == 0 else {
                throw ProcessSession.notRunning(taskID)
            }
            do {
                return try ProcessSession(
                    directory: directory, owner: FileOwner(uid: info.st_uid, gid: info.st_gid), request, queue: supervisor.queue
                ) { [sessions] in sessions.leave(key) }
            } catch let error as MonoflowError where error.code == .failedPrecondition && .now < deadline {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}

/// The sessions that are open, or being opened: each has up to five descriptors.
final class OpenSessions: Sendable {
    private struct Entry {
        weak var session: ProcessSession?
    }

    private struct State {
        var next = 0
        var entries: [Int: Entry] = [:]
    }

    private static let most = 256
    private let state = Mutex(State())

    /// - Throws: `resourceExhausted`.
    func enter() throws(MonoflowError) -> Int {
        try state.withLock { state throws(MonoflowError) in
            guard state.entries.count < Self.most else { throw MonoflowError(.resourceExhausted, "open session", "", "\(Self.most) sessions are open") }
            state.next += 1
            state.entries[state.next] = Entry()
            return state.next
        }
    }

    func keep(_ key: Int, _ session: ProcessSession) { state.withLock { if $0.entries[key] != nil { $0.entries[key] = Entry(session: session) } } }

    func leave(_ key: Int) { _ = state.withLock { $0.entries.removeValue(forKey: key) } }

    func closeAll() {
        let open = state.withLock { $0.entries.values.compactMap(\.session) }
        open.forEach { $0.close() }
    }
}
