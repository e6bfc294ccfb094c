import Core
import Database
import Logging
import ScriptedTasks
import Testing

@testable import Tasks

/// Records what it is told, and writes each end as a domain does.
final class RecordingOwner: TaskOwner {
    struct Told: Sendable, Equatable {
        var id: String
        var reason: TaskExit.Reason
        var outputs: [String: CollectedOutput]?
    }
    struct State: Sendable {
        var told: [Told] = []
        var waits: [String] = []
    }
    let state = Watched(State())
    let database: MetadataDatabase
    let answer: Bool

    init(_ database: MetadataDatabase, answer: Bool = true) {
        self.database = database
        self.answer = answer
    }

    func taskEnded(_ task: TaskRecord, exit: TaskExit, collect: @Sendable ([OutputFile]) async throws -> [String: CollectedOutput]) async -> Bool {
        let outputs = exit.succeeded ? try? await collect(task.spec.outputs) : nil
        if answer {
            let state: TaskState = exit.succeeded ? .succeeded : exit.reason == .stopped ? .cancelled : exit.reason == .lost ? .lost : .failed
            _ = try? await database.write { db in try TaskStore.finish(db, task.id, exit: exit, state: state, message: exit.message) }
        }
        state.update { $0.told.append(Told(id: task.id, reason: exit.reason, outputs: outputs)) }
        return answer
    }

    func taskWaits(_ task: TaskRecord, reason: String) async { state.update { $0.waits.append(task.id + ": " + reason) } }

    func told(_ id: String) async -> Told? {
        await state.until { $0.told.contains { $0.id == id } }
        return state.value.told.first { $0.id == id }
    }
}

@Suite(.timeLimit(.minutes(1))) struct TaskEngineTests {
    private let scratch: ScratchDatabase
    private let machine = ScriptedMachine()

    init() throws { scratch = try ScratchDatabase() }

    private struct Server {
        let engine: TaskEngine
        let executor: ScriptedExecutor
        let owner: RecordingOwner
    }

    private func server(_ machine: ScriptedMachine? = nil, maximumTasks: Int = 10, answer: Bool = true) async -> Server {
        let executor = (machine ?? self.machine).executor(), owner = RecordingOwner(scratch.database, answer: answer)
        let engine = TaskEngine(
            database: scratch.database, executor: executor, maximumTasks: maximumTasks, active: ActiveTasks(), clock: .system, logger: Logger(label: "test")
        ) { _ in LaunchFacts(token: nil, serverURL: nil, allowsNetwork: true) }
        await engine.register("test", owner)
        return Server(engine: engine, executor: executor, owner: owner)
    }

    /// Writes the row, as an owner does before it submits. - Parameter path: the states that an earlier server left behind.
    private func insert(_ id: String, cpu: Int = 0, namespace: String = "default", path: [TaskState] = []) async throws -> TaskRecord {
        var spec = TaskSpec(image: "alpine", resources: ResourceRequest(cpuMillis: cpu))
        spec.outputs = [OutputFile(name: "o", path: "/o", kind: .parameter)]
        let task = TaskRecord(
            id: id, namespace: namespace, ownerKind: "test", ownerID: "x", nodeID: "n", attempt: 1, spec: spec, executor: "scripted",
            createdAt: Timestamp(milliseconds: 1))
        try await scratch.database.write { db in
            try TaskStore.insert(db, task)
            for state in path { try TaskStore.move(db, id, to: state) }
        }
        return task
    }

    private func stored(_ id: String) async throws -> TaskState? { try await scratch.database.read { db in try TaskStore.find(db, id) }?.state }

    /// What is still to be done has been done: every task forgotten.
    private func settled(_ server: Server) async { while await !server.engine.taskIDs.isEmpty { await Task.yield() } }

    @Test func aTaskRunsToItsEnd() async throws {
        let server = await server()
        await server.engine.submit(try await insert("a"))
        await server.engine.submit(try await insert("b"))
        await machine.called("start a")
        #expect([.starting, .running].contains(try await stored("a")), "the start was written before it was made")
        machine.end("a", outputs: ["o": .parameter("1")])
        #expect(await server.owner.told("a") == .init(id: "a", reason: .exited, outputs: ["o": .parameter("1")]))
        machine.end("b", ScriptedMachine.exit(3))
        #expect(await server.owner.told("b")?.outputs == nil)
        await settled(server)
        #expect(machine.state.value.calls.filter { $0.hasSuffix(" a") } == ["prepare a", "start a", "collect a", "cleanUp a"])
        #expect(server.owner.state.value.told.count == 2)
        #expect(try await stored("a") == .succeeded)
        #expect(await server.engine.counts == (0, 0))
    }

    @Test func aTaskSubmittedTwiceRunsOnce() async throws {
        let server = await server(), task = try await insert("a")
        await server.engine.submit(task)
        await server.engine.submit(task)
        await machine.called("start a")
        machine.end("a")
        await settled(server)
        #expect(machine.state.value.count("start a") == 1)
        #expect(server.owner.state.value.told.count == 1)
    }

    @Test(arguments: [true, false]) func aFailedStartIsAnEnd(whilePreparing: Bool) async throws {
        let error = MonoflowError(.failedPrecondition, "start", "image", "maps to nothing"), server = await server()
        machine.state.update { if whilePreparing { $0.prepareErrors["a"] = error } else { $0.startErrors["a"] = error } }
        await server.engine.submit(try await insert("a"))
        #expect(await server.owner.told("a")?.reason == .startFailed)
        await settled(server)
        #expect(machine.state.value.count("start a") == 0)
        #expect(try await stored("a") == .failed)
    }

    @Test func cancelledWhileItWaits() async throws {
        let server = await server(maximumTasks: 1)
        await server.engine.submit(try await insert("a"))
        await server.engine.submit(try await insert("b"))
        await server.engine.cancel("b")
        await server.engine.cancel("b")
        #expect(await server.owner.told("b")?.reason == .stopped)
        machine.end("a")
        await settled(server)
        #expect(machine.state.value.count("prepare b") == 0)
        #expect(server.owner.state.value.told.count == 2)
        #expect(try await stored("b") == .cancelled)
    }

    @Test func cancelledWhilePreparing() async throws {
        let server = await server()
        machine.state.update { $0.held = ["a"] }
        await server.engine.submit(try await insert("a"))
        await machine.called("prepare a")
        // It is let go by the cancellation alone.
        await server.engine.cancel("a")
        #expect(await server.owner.told("a")?.reason == .stopped)
        await settled(server)
        #expect(machine.state.value.count("start a") == 0)
        #expect(try await stored("a") == .cancelled)
    }

    @Test func cancelledWhileItRuns() async throws {
        let server = await server()
        await server.engine.submit(try await insert("a"))
        await machine.called("start a")
        await server.engine.cancel("a")
        #expect(await server.owner.told("a")?.reason == .stopped)
        await settled(server)
        #expect(machine.state.value.count("stop a") == 1)
        #expect(try await stored("a") == .cancelled)
    }

    @Test func anUnmeetableRequestIsToldAndHoldsNobodyUp() async throws {
        let server = await server()
        await server.engine.submit(try await insert("huge", cpu: 64_000))
        await server.engine.submit(try await insert("a"))
        await machine.called("start a")
        await server.owner.state.until { !$0.waits.isEmpty }
        #expect(server.owner.state.value.waits.first?.hasPrefix("huge: asks for 64.0 cores") == true)
        #expect(try await stored("huge") == .pending)
        await server.engine.cancel("huge")
        #expect(await server.owner.told("huge")?.reason == .stopped)
    }

    // MARK: Quotas

    @Test func aTaskBeyondTheQuotaWaitsAndIsToldWhy() async throws {
        let server = await server()
        await server.engine.setQuota(NamespaceQuota(cpuMillis: 1000, weight: 3), namespace: "default")
        #expect(machine.state.value.weights == ["default": 3])
        await server.engine.submit(try await insert("a", cpu: 1000))
        await server.engine.submit(try await insert("b", cpu: 1000))
        await server.engine.submit(try await insert("c", cpu: 1000, namespace: "other"))
        await machine.called("start a")
        await machine.called("start c")
        await server.owner.state.until { $0.waits == ["b: namespace default: quota cpu: used 1, asks 1, allowed 1"] }
        #expect(await server.engine.usage("default").held == .init(cpuMillis: 1000, tasks: 1))
        #expect(await server.engine.usage()["default"]?.waiting == .init(cpuMillis: 1000, tasks: 1))
        let counts = await server.engine.countsByNamespace()
        #expect(counts == [.init(namespace: "default", waiting: 1, admitted: 1), .init(namespace: "other", waiting: 0, admitted: 1)])
        #expect(machine.state.value.count("prepare b") == 0)
        await server.engine.setQuota(nil, namespace: "default")
        await machine.called("start b")
        await server.owner.state.until { $0.waits.last == "b: " }
        #expect(machine.state.value.weights == ["default": 1])
    }

    @Test func defaultLimitsHoldAndAreNotStored() async throws {
        let server = await server()
        let defaults = ResourceRequest(cpuMillis: 500, cpuLimitMillis: 800, memoryLimitBytes: 1 << 20)
        await server.engine.setQuota(NamespaceQuota(defaultRequest: defaults), namespace: "default")
        await server.engine.submit(try await insert("a"))
        await machine.called("start a")
        #expect(machine.state.value.specs["a"]?.resources == defaults)
        #expect(await server.engine.usage("default").held.cpuMillis == 500)
        let stored = try await scratch.database.read { db in try TaskStore.find(db, "a") }
        #expect(stored?.spec.resources == ResourceRequest())
    }

    /// What an earlier server told is taken back by the next one, where no quota is set any more.
    @Test(arguments: [[], [.admitted, .starting]] as [[TaskState]]) func aStaleReasonIsTakenBack(path: [TaskState]) async throws {
        _ = try await insert("a", path: path)
        try await scratch.database.write { db in try TaskStore.setMessage(db, "a", "namespace default: quota tasks: used 1, asks 1, allowed 1") }
        let server = await server()
        try await server.engine.recover()
        await machine.called("start a")
        await server.owner.state.until { $0.waits == ["a: "] }
    }

    @Test func drainStartsNothingMore() async throws {
        let server = await server(maximumTasks: 1)
        machine.state.update { $0.held = ["b"] }
        await server.engine.submit(try await insert("a"))
        await machine.called("start a")
        await server.engine.drain()
        await server.engine.submit(try await insert("b"))
        machine.end("a")
        #expect(await server.owner.told("a")?.reason == .exited)
        await machine.called("cleanUp a")
        while await server.engine.taskIDs != ["b"] { await Task.yield() }
        #expect(machine.state.value.count("prepare b") == 0)
        #expect(try await stored("b") == .pending)
    }

    // MARK: After a restart

    @Test func whatWaitedIsStarted() async throws {
        _ = try await insert("a")
        let server = await server()
        try await server.engine.recover()
        await machine.called("start a")
        machine.end("a")
        #expect(await server.owner.told("a")?.reason == .exited)
    }

    @Test(arguments: [[TaskState.admitted], [.admitted, .starting]])
    func aStartWithoutAClaimIsMade(path: [TaskState]) async throws {
        _ = try await insert("a", path: path)
        let server = await server()
        try await server.engine.recover()
        await machine.called("start a")
        machine.end("a")
        await settled(server)
        #expect(machine.state.value.count("start a") == 1)
        #expect(try await stored("a") == .succeeded)
    }

    @Test func aClaimedTaskIsFollowedAndNotStartedAgain() async throws {
        let first = await server(), task = try await insert("a")
        await first.engine.submit(task)
        await machine.called("start a")
        first.executor.kill()
        let second = await server()
        try await second.engine.recover()
        machine.end("a", outputs: ["o": .parameter("1")])
        #expect(await second.owner.told("a")?.outputs == ["o": .parameter("1")])
        await settled(second)
        #expect(machine.state.value.count("start a") == 1)
        #expect(first.owner.state.value.told.isEmpty)
        #expect(try await stored("a") == .succeeded)
    }

    @Test func anEndThatNobodyWasToldIsToldOnce() async throws {
        _ = try await insert("a", path: [.admitted, .starting])
        machine.state.update { $0.claims["a"] = TaskHandle(taskID: "a", bootID: "b", pid: 1, startTicks: 1) }
        machine.end("a", outputs: ["o": .parameter("1")])
        let server = await server()
        try await server.engine.recover()
        #expect(await server.owner.told("a")?.outputs == ["o": .parameter("1")])
        await settled(server)
        let third = await self.server()
        try await third.engine.recover()
        #expect(await third.engine.taskIDs.isEmpty, "an ended task is not taken up again")
        #expect(server.owner.state.value.told.count == 1)
    }

    @Test func oneSeenRunningWithoutATraceIsLost() async throws {
        _ = try await insert("a", path: [.admitted, .starting, .running])
        let server = await server()
        try await server.engine.recover()
        #expect(await server.owner.told("a")?.reason == .lost)
        await settled(server)
        #expect(machine.state.value.count("start a") == 0)
    }

    /// The owner could not write the end, since the server stops: the next one must find the outputs where they were.
    @Test func anEndThatIsNotDurableKeepsTheFiles() async throws {
        let first = await server(answer: false)
        await first.engine.submit(try await insert("a"))
        await machine.called("start a")
        machine.end("a", outputs: ["o": .parameter("1")])
        _ = await first.owner.told("a")
        await settled(first)
        #expect(machine.state.value.count("cleanUp a") == 0)
        let second = await server()
        try await second.engine.recover()
        #expect(await second.owner.told("a")?.outputs == ["o": .parameter("1")])
    }

    @Test func recoveryTakesNothingUpTwice() async throws {
        let server = await server(), task = try await insert("a")
        await server.engine.submit(task)
        await machine.called("start a")
        try await server.engine.recover()
        machine.end("a")
        await settled(server)
        #expect(server.owner.state.value.told.count == 1)
    }
}
