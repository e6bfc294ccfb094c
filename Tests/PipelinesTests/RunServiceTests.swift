import Artifacts
import Core
import Database
import Logging
import ScriptedTasks
import Tasks
import Testing

@testable import Pipelines

/// Runs over a real database and a machine in memory.
@Suite(.timeLimit(.minutes(2))) struct RunServiceTests {
    private let fixture: RunFixture

    init() throws { fixture = try RunFixture() }

    private typealias Server = RunFixture.Server
    private var scratch: ScratchDatabase { fixture.scratch }
    private func server(_ machine: ScriptedMachine) async throws -> Server { try await fixture.server(machine) }

    /// `a → b → c`; b takes a's output, and c is held back by both.
    private static let chain = """
    apiVersion: argoproj.io/v1alpha1
    kind: Workflow
    metadata: {generateName: chain-}
    spec:
      entrypoint: main
      arguments: {parameters: [{name: p, value: "1"}, {name: q, value: ""}]}
      templates:
      - name: main
        dag:
          tasks:
          - {name: a, template: step, arguments: {parameters: [{name: x, value: "{{workflow.parameters.p}}"}]}}
          - {name: b, template: step, arguments: {parameters: [{name: x, value: "{{tasks.a.outputs.parameters.o}}"}]}}
          - {name: c, template: step, dependencies: [b], arguments: {parameters: [{name: x, value: "c"}]}}
      - name: step
        inputs: {parameters: [{name: x}]}
        retryStrategy: {limit: 1}
        container: {image: alpine, command: [echo, "{{inputs.parameters.x}}"]}
        outputs: {parameters: [{name: o, valueFrom: {path: /o}}], artifacts: [{name: f, path: /f}]}
    """

    private static func outputs(_ value: String) -> [String: CollectedOutput] {
        ["o": .parameter(value + "\n"), "artifact:f": .artifact(digest: String(repeating: "ab", count: 32), bytes: 3, isDirectory: false)]
    }

    /// Answers each step with its own argument and a dash.
    private static func echo() -> ScriptedMachine {
        ScriptedMachine { launch in (ScriptedMachine.exit(), outputs((launch.spec.command?[1] ?? "") + "-")) }
    }

    private func create(_ server: Server, _ yaml: String = chain, name: String = "r", parameters: JSONObject = [:]) async throws -> RunRecord {
        try await server.runs.create(namespace: "default", RunRequest(name: name, package: try PipelinePackage(yaml: yaml), parameters: parameters))
    }

    @Test func aRunGoesToItsEnd() async throws {
        let machine = Self.echo(), server = try await server(machine)
        let run = try await create(server, parameters: ["p": "7"])
        #expect(run.state == .running || run.state == .succeeded)
        let end = try await server.ended(run.id)
        #expect(end.state == .succeeded && end.finishedAt != nil && end.startedAt != nil)
        #expect(end.parameters == ["p": "7", "q": ""])
        let nodes = try await server.runs.nodes(of: run.id)
        #expect(nodes.map(\.displayName) == ["chain", "a", "b", "c"])
        #expect(nodes.allSatisfy { $0.phase == .succeeded })
        #expect(nodes[2].inputs["x"] == "7-" && nodes[2].outputs["o"] == "7--")
        let tasks = try await server.runs.tasks(run: run.id, node: nodes[1].id)
        #expect(tasks.map(\.state) == [.succeeded])
        #expect(machine.state.value.calls.count { $0.hasPrefix("start") } == 3)
        let artifacts = try await ArtifactService(database: scratch.database).list(namespace: "default", runID: run.id, before: nil, limit: 10)
        #expect(artifacts.items.count == 3)
        let lineage = try await ArtifactService(database: scratch.database).lineage(of: artifacts.items[0].id)
        #expect(lineage.producer?.nodeID == nodes[3].id)
    }

    @Test func parametersAreChecked() async throws {
        let server = try await server(Self.echo())
        for parameters: JSONObject in [["zz": 1]] {
            await #expect(throws: MonoflowError.self) { _ = try await create(server, parameters: parameters) }
        }
        var request = RunRequest(name: "r", package: try PipelinePackage(yaml: Self.chain), parameters: [:])
        request.experimentID = "no-such"
        let given = request
        await #expect(throws: MonoflowError.self) { _ = try await server.runs.create(namespace: "default", given) }
        #expect(try await server.runs.list(namespace: "default", experimentID: nil, ListQuery()).total == 0)
    }

    @Test func aFailedStepIsRetriedThenFailsTheRun() async throws {
        let machine = ScriptedMachine { _ in (ScriptedMachine.exit(3), [:]) }, server = try await server(machine)
        let run = try await create(server), end = try await server.ended(run.id)
        #expect(end.state == .failed && end.message.contains("exit status 3"))
        let nodes = try await server.runs.nodes(of: run.id)
        #expect(try await server.runs.tasks(run: run.id, node: nodes[1].id).map(\.state) == [.failed, .failed])
        #expect(nodes.map(\.phase) == [.failed, .failed, .omitted, .omitted])
    }

    @Test func aMissingOutputFailsTheStep() async throws {
        let server = try await server(ScriptedMachine { _ in (ScriptedMachine.exit(), [:]) })
        let run = try await create(server), end = try await server.ended(run.id)
        #expect(end.state == .failed && end.message.contains("wrote no value for \"o\""))
    }

    /// The server is killed at each point of the run; the next one goes on, and no step runs twice.
    @Test(arguments: ["prepare", "start", "ended", "collected"]) func killedInTheMiddle(point: String) async throws {
        let machine = ScriptedMachine(), first = try await server(machine)
        let run = try await create(first)
        let a = try #require(try await first.runs.nodes(of: run.id).first { $0.taskName == "a" }).taskID
        switch point {
        case "prepare":
            await machine.called("prepare " + a)
        case "start":
            await machine.called("start " + a)
        default:
            await machine.called("start " + a)
            if point == "ended" { first.kill() }
            machine.end(a, outputs: Self.outputs("A"))
            if point == "collected" { await machine.called("cleanUp " + a) }
        }
        first.kill()
        let second = try await server(machine)
        // Ends the steps one after the other, as they start.
        for name in ["a", "b", "c"] {
            let id: String
            if name == "a" { id = a } else {
                var found: String?
                for await _ in second.runs.watch.changes(of: run.id) {
                    found = try await second.runs.nodes(of: run.id).first { $0.taskName == name && $0.phase == .running }?.taskID
                    if found != nil { break }
                }
                id = try #require(found)
            }
            await machine.called("start " + id)
            machine.end(id, outputs: Self.outputs(name.uppercased()))
        }
        let end = try await second.ended(run.id)
        #expect(end.state == .succeeded, "\(end.message)")
        let starts = machine.state.value.calls.filter { $0.hasPrefix("start") }
        #expect(starts.count == 3 && Set(starts).count == 3, "no step ran twice")
        let nodes = try await second.runs.nodes(of: run.id)
        #expect(nodes.allSatisfy { $0.phase == .succeeded && ($0.kind == .dag || $0.attempts == 1) })
        #expect(nodes[2].inputs["x"] == "A")
        #expect(try await scratch.database.read(TaskStore.alive).isEmpty)
        let artifacts = try await ArtifactService(database: scratch.database).list(namespace: "default", runID: run.id, before: nil, limit: 10)
        #expect(artifacts.items.count == 3, "nothing is recorded twice")
    }

    @Test func terminatedWhileItRuns() async throws {
        let machine = ScriptedMachine(), server = try await server(machine)
        let run = try await create(server)
        let a = try #require(try await server.runs.nodes(of: run.id).first { $0.taskName == "a" }).taskID
        await machine.called("start " + a)
        try await server.runs.terminate(run.id)
        let end = try await server.ended(run.id)
        #expect(end.state == .cancelled && end.isTerminating)
        #expect(machine.state.value.count("stop " + a) == 1)
        #expect(try await server.runs.nodes(of: run.id).allSatisfy { $0.phase == .cancelled })
        try await server.runs.terminate(run.id)
        #expect(try await server.runs.get(run.id).state == .cancelled, "an ended run is left as it is")
    }

    @Test func aTerminationIsSaidAgainAfterARestart() async throws {
        let machine = ScriptedMachine(), first = try await server(machine)
        let run = try await create(first)
        let a = try #require(try await first.runs.nodes(of: run.id).first { $0.taskName == "a" }).taskID
        await machine.called("start " + a)
        // As a crash between the plan and the signal leaves it.
        first.kill()
        try await scratch.database.write { db in try RunStore.setTerminating(db, run.id) }
        let second = try await server(machine)
        #expect(try await second.ended(run.id).state == .cancelled)
        #expect(machine.state.value.count("stop " + a) == 1)
    }

    /// The driver must not wait for itself when the engine tells it that a step of its own plan cannot start.
    @Test func aStepThatTheMachineCannotMeetStaysPendingAndSaysWhy() async throws {
        let yaml = Self.chain.replacing("command: [echo,", with: "resources: {requests: {cpu: 640}}, command: [echo,")
        let server = try await server(ScriptedMachine())
        let run = try await create(server, yaml)
        var message = ""
        for await _ in server.runs.watch.changes(of: run.id) {
            message = try await server.runs.nodes(of: run.id).first { $0.taskName == "a" }?.message ?? ""
            if !message.isEmpty { break }
        }
        #expect(message.contains("640.0 cores"))
        try await server.runs.terminate(run.id)
        #expect(try await server.ended(run.id).state == .cancelled)
    }

    /// A definition that this release reads no more ends its own run only.
    @Test func oneUnreadableRunDoesNotStopTheServer() async throws {
        let machine = ScriptedMachine(), first = try await server(machine)
        let bad = try await create(first), good = try await create(first, Self.chain.replacing("chain-", with: "other-"))
        let task = try #require(try await first.runs.nodes(of: bad.id).first { $0.taskName == "a" }).taskID
        await machine.called("start " + task)
        first.kill()
        let digest = bad.specDigest
        try await scratch.database.write { db in try db.execute(sql: "UPDATE pipeline_specs SET manifest = '{\"kind\":\"Workflow\"}' WHERE digest = ?", arguments: [digest]) }
        let second = try await server(machine)
        let end = try await second.runs.get(bad.id)
        #expect(end.state == .failed && end.message.contains("spec"))
        #expect(try await second.runs.get(good.id).state == .running)
        #expect(try await scratch.database.read(TaskStore.alive).allSatisfy { $0.ownerID == good.id })
    }

    @Test func anEndedRunIsDeleted() async throws {
        let machine = ScriptedMachine(), server = try await server(machine)
        let run = try await create(server)
        await #expect(throws: MonoflowError.self) { _ = try await server.runs.delete(run.id) }
        let a = try #require(try await server.runs.nodes(of: run.id).first { $0.taskName == "a" }).taskID
        await machine.called("start " + a)
        try await server.runs.terminate(run.id)
        _ = try await server.ended(run.id)
        #expect(try await server.runs.delete(run.id) == [a])
        await #expect(throws: MonoflowError.self) { _ = try await server.runs.get(run.id) }
        #expect(try await server.runs.nodes(of: run.id).isEmpty)
    }

    // MARK: Lists

    private func query(_ sort: String?, descending: Bool = false, size: Int = 2, _ predicates: [ListQuery.Predicate] = []) -> ListQuery {
        var query = ListQuery()
        query.sortKey = sort
        query.isDescending = descending
        query.pageSize = size
        query.predicates = predicates
        return query
    }

    private func all(_ server: Server, _ query: ListQuery) async throws -> [RunRecord] {
        var query = query, found: [RunRecord] = []
        while true {
            let page = try await server.runs.list(namespace: "default", experimentID: nil, query)
            found += page.items
            #expect(page.items.count <= query.pageSize)
            guard let next = page.nextToken else { return found }
            query.pageToken = next
        }
    }

    /// Pages hold every run once, also where the sort column is NULL or the same for many.
    @Test(arguments: ["created_at", "name", "finished_at", "pipeline_id", "pipeline_version_id", "state", "id", "description"], [true, false])
    func pagesHoldEveryRunOnce(sort: String, descending: Bool) async throws {
        let server = try await server(ScriptedMachine())
        var ids: Set<String> = []
        for index in 0..<7 { ids.insert(try await create(server, name: "run \(index / 2)").id) }
        let some = ids.sorted().prefix(3)
        try await scratch.database.write { db in
            for (index, id) in some.enumerated() {
                try RunStore.finish(db, id, .succeeded, message: "", at: Timestamp(milliseconds: Int64(5000 + index / 2)))
                try db.execute(sql: "UPDATE runs SET pipeline_id = 'p' WHERE id = ?", arguments: [id])
            }
        }
        for size in [1, 2, 3, 100] {
            let found = try await all(server, query(sort, descending: descending, size: size))
            #expect(found.count == 7 && Set(found.map(\.id)) == ids, "\(sort) by \(size)")
        }
    }

    @Test func filtersAndOrder() async throws {
        let server = try await server(ScriptedMachine())
        for name in ["beta", "alpha", "gamma"] { _ = try await create(server, name: name) }
        #expect(try await all(server, query("name")).map(\.name) == ["alpha", "beta", "gamma"])
        #expect(try await all(server, query("name", descending: true)).map(\.name) == ["gamma", "beta", "alpha"])
        #expect(try await all(server, query("created_at")).map(\.name) == ["beta", "alpha", "gamma"])
        func names(_ predicate: ListQuery.Predicate) async throws -> [String] { try await all(server, query("name", [predicate])).map(\.name) }
        #expect(try await names(.init(key: "name", operation: .equals, values: ["beta"])) == ["beta"])
        #expect(try await names(.init(key: "name", operation: .notEquals, values: ["beta"])) == ["alpha", "gamma"])
        #expect(try await names(.init(key: "name", operation: .isIn, values: ["beta", "gamma", "zz"])) == ["beta", "gamma"])
        #expect(try await names(.init(key: "name", operation: .isSubstring, values: ["a%"])) == [])
        #expect(try await names(.init(key: "name", operation: .isSubstring, values: ["mm"])) == ["gamma"])
        #expect(try await names(.init(key: "name", operation: .isSubstring, values: ["ALP"])) == ["alpha"])
        #expect(try await names(.init(key: "name", operation: .greaterThan, values: ["alpha"])) == ["beta", "gamma"])
        #expect(try await names(.init(key: "name", operation: .lessThanEquals, values: ["'; DROP TABLE runs; --"])) == [])
        #expect(try await names(.init(key: "created_at", operation: .greaterThanEquals, values: [0])) == ["alpha", "beta", "gamma"])
        for bad in [query("zz"), query("name", size: 0), query("name", size: 1001), query("name", [.init(key: "password", operation: .equals, values: ["x"])]), query("name", [.init(key: "name", operation: .isIn, values: [])])] {
            await #expect(throws: MonoflowError.self) { _ = try await server.runs.list(namespace: "default", experimentID: nil, bad) }
        }
        for token in ["x", "AAAA", "bnVsbA==", "WzEsMl0="] {
            var bad = query("name")
            bad.pageToken = token
            let given = bad
            await #expect(throws: MonoflowError.self) { _ = try await server.runs.list(namespace: "default", experimentID: nil, given) }
        }
        #expect(try await server.runs.list(namespace: "other", experimentID: nil, query(nil)).total == 0)
    }

    /// A step that fails as it starts is recorded in the transaction that also ends the step whose artifact it takes.
    @Test func aStepMayFailInTheTransactionThatMakesItsInput() async throws {
        let yaml = """
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: t-}
        spec:
          entrypoint: main
          templates:
          - name: main
            dag:
              tasks:
              - {name: eats, template: eat, arguments: {parameters: [{name: size, value: "{{tasks.makes.outputs.parameters.o}}"}], artifacts: [{name: f, from: "{{tasks.makes.outputs.artifacts.f}}"}]}}
              - {name: makes, template: make}
          - name: make
            container: {image: alpine, command: [echo, x]}
            outputs: {parameters: [{name: o, valueFrom: {path: /o}}], artifacts: [{name: f, path: /f}]}
          - name: eat
            inputs: {parameters: [{name: size}], artifacts: [{name: f, path: /in}]}
            container: {image: alpine, command: [cat], resources: {limits: {memory: "{{inputs.parameters.size}}"}}}
        """
        let server = try await server(ScriptedMachine { _ in (ScriptedMachine.exit(), Self.outputs("no quantity")) })
        let run = try await create(server, yaml), end = try await server.ended(run.id)
        #expect(end.state == .failed && end.message.contains("is not a quantity"), "\(end.message)")
    }
}
