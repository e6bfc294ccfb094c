import Artifacts
import Core
import ScriptedTasks
import Tasks
import Testing

@testable import Pipelines

/// Equal steps of kfp 2 run once.
@Suite(.timeLimit(.minutes(2))) struct ReuseTests {
    private let fixture: RunFixture

    init() throws { fixture = try RunFixture() }

    /// `make → use`; `make` takes x and gives a text and a file, `use` reads both.
    private static func pipeline(
        enable: String = "true", image: String = "alpine", command: String = "echo, made", key: String = "", metadata: String = "a: 1",
        x: String = "{componentInputParameter: p}"
    ) -> String {
        """
        pipelineInfo: {name: t}
        schemaVersion: 2.1.0
        root:
          inputDefinitions: {parameters: {p: {parameterType: STRING, defaultValue: one}}}
          dag:
            tasks:
              make:
                cachingOptions: {enableCache: \(enable)\(key)}
                componentRef: {name: make}
                taskInfo: {name: make}
                inputs: {parameters: {x: \(x)}}
              use:
                cachingOptions: {enableCache: true}
                componentRef: {name: use}
                taskInfo: {name: use}
                dependentTasks: [make]
                inputs:
                  parameters: {said: {taskOutputParameter: {producerTask: make, outputParameterKey: Output}}}
                  artifacts: {file: {taskOutputArtifact: {producerTask: make, outputArtifactKey: file}}}
        components:
          make:
            executorLabel: make
            inputDefinitions: {parameters: {x: {parameterType: STRING}}}
            outputDefinitions:
              parameters: {Output: {parameterType: STRING}}
              artifacts: {file: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}, metadata: {\(metadata)}}}
          use:
            executorLabel: use
            inputDefinitions:
              parameters: {said: {parameterType: STRING}}
              artifacts: {file: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}
        deploymentSpec:
          executors:
            make: {container: {image: \(image), command: [\(command)], args: ["{{$}}", "{{$.outputs.artifacts['file'].path}}"]}}
            use: {container: {image: alpine, command: [cat, "{{$.inputs.artifacts['file'].uri}}", "{{$.inputs.artifacts['file'].metadata['a']}}"]}}
        """
    }

    /// Ends each step as it starts; the content of `make`'s file follows from what it was given.
    private static func machine(exit code: Int32 = 0) -> ScriptedMachine {
        ScriptedMachine { launch in
            let isMake = launch.spec.outputs.contains { $0.name == "Output" }
            let given = (launch.spec.args?.first).flatMap { try? JSONParser.parse($0) }?["inputs"]?["parameterValues"]?["x"]?.stringValue ?? ""
            let digest = Hashing.sha256Hex(given)
            return (ScriptedMachine.exit(code), isMake ? ["Output": .parameter(given), "artifact:file": .artifact(digest: digest, bytes: 3, isDirectory: false)] : [:])
        }
    }

    private func starts(_ machine: ScriptedMachine) -> Int { machine.state.value.calls.count { $0.hasPrefix("start") } }

    @Test func anEqualStepIsReusedWithAllThatItMade() async throws {
        let machine = Self.machine(), server = try await fixture.server(machine)
        let first = try await server.run(Self.pipeline())
        #expect(first.run.state == .succeeded && starts(machine) == 2)
        let second = try await server.run(Self.pipeline())
        #expect(second.run.state == .succeeded && starts(machine) == 2, "nothing ran")
        for (old, new) in zip(first.nodes, second.nodes).dropFirst() {
            #expect(new.phase == .succeeded && new.attempts == 0 && new.reusedFrom == NodeReference(runID: first.run.id, nodeID: old.id))
            #expect(new.outputs == old.outputs && new.outputArtifacts == old.outputArtifacts)
            #expect(new.startedAt != nil && new.finishedAt != nil)
            #expect(try await server.runs.tasks(run: second.run.id, node: new.id).isEmpty)
        }
        // Artifacts are the first run's own; lineage knows both who made them and who took them over.
        let artifacts = ArtifactService(database: fixture.scratch.database)
        let listed = try await artifacts.list(namespace: "default", runID: second.run.id, before: nil, limit: 10)
        #expect(listed.items.map(\.runID) == [first.run.id])
        let lineage = try await artifacts.lineage(of: listed.items[0].id)
        #expect(lineage.producer?.runID == first.run.id && lineage.producer?.state == "succeeded")
        #expect(lineage.consumers.map(\.runID) == [first.run.id, second.run.id] && lineage.consumers.map(\.state) == ["succeeded", "cached"])
        // A third one names the step that ran, not the one that reused it.
        #expect(try await server.run(Self.pipeline()).nodes[1].reusedFrom?.runID == first.run.id)
    }

    @Test func otherStepsRun() async throws {
        let machine = Self.machine(), server = try await fixture.server(machine)
        _ = try await server.run(Self.pipeline())
        var expected = 2
        // What differs in `make`, and whether `use` differs by it too.
        let others: [(String, JSONObject, Int)] = [
            (Self.pipeline(), ["p": "two"], 2), (Self.pipeline(image: "bash"), [:], 1), (Self.pipeline(command: "echo, other"), [:], 1),
            (Self.pipeline(key: ", cacheKey: mine"), [:], 1), (Self.pipeline(metadata: "a: 2"), [:], 2), (Self.pipeline(enable: "false"), [:], 1), (Self.pipeline(image: "mounted"), [:], 1),
        ]
        for (yaml, parameters, more) in others {
            let made = try await server.run(yaml, parameters: parameters)
            expected += more
            #expect(made.run.state == .succeeded && starts(machine) == expected, "\(parameters) \(made.nodes.map(\.reusedFrom))")
        }
        _ = try await server.run(Self.pipeline(), namespace: "other")
        #expect(starts(machine) == expected + 2, "another namespace shares nothing")
        _ = try await server.run(Self.pipeline(enable: "false"))
        _ = try await server.run(Self.pipeline(image: "mounted"))
        #expect(starts(machine) == expected + 4, "neither is recorded")
        for yaml in [Self.pipeline(), Self.pipeline(key: ", cacheKey: mine")] { _ = try await server.run(yaml) }
        #expect(starts(machine) == expected + 4, "what was there before still is")
    }

    @Test func aStepThatIsToldItsRunIsLikeNoOther() async throws {
        let machine = Self.machine(), server = try await fixture.server(machine)
        let yaml = Self.pipeline(x: "{runtimeValue: {constant: \"{{$.pipeline_job_uuid}}\"}}")
        for count in [2, 4] {
            _ = try await server.run(yaml)
            #expect(starts(machine) == count)
        }
        for count in [6, 7] {
            _ = try await server.run(Self.pipeline(command: "echo, \"{{$.pipeline_job_name}}\""))
            #expect(starts(machine) == count, "make runs again; use is given the same as before")
        }
    }

    @Test func failedStepsAreNotReused() async throws {
        let failing = Self.machine(exit: 1), first = try await fixture.server(failing)
        #expect(try await first.run(Self.pipeline()).run.state == .failed)
        first.kill()
        let machine = Self.machine(), second = try await fixture.server(machine)
        #expect(try await second.run(Self.pipeline()).run.state == .succeeded)
        #expect(starts(machine) == 2)
    }

    @Test func contentThatIsGoneIsMadeAgain() async throws {
        let machine = Self.machine(), server = try await fixture.server(machine)
        _ = try await server.run(Self.pipeline())
        fixture.gone.update { $0 = [Hashing.sha256Hex("one")] }
        let again = try await server.run(Self.pipeline())
        #expect(again.nodes[1].reusedFrom == nil && again.nodes[2].reusedFrom != nil)
        #expect(starts(machine) == 3)
    }

    /// What a step only refers to, elsewhere, may have changed there.
    @Test func outputsThatAreNotHeldAreNotReused() async throws {
        let output = #"{"artifacts":{"file":{"artifacts":[{"uri":"https://example.org/file"}]}}}"#
        let machine = ScriptedMachine { launch in
            let isMake = launch.spec.outputs.contains { $0.name == "Output" }
            return (ScriptedMachine.exit(), isMake ? ["Output": .parameter("x"), "executor-output": .parameter(output)] : [:])
        }
        let server = try await fixture.server(machine)
        for count in [2, 3] {
            #expect(try await server.run(Self.pipeline()).run.state == .succeeded)
            #expect(starts(machine) == count)
        }
    }

    @Test func anArtifactOfMetadataAloneIsHeld() async throws {
        let machine = ScriptedMachine { launch in (ScriptedMachine.exit(), launch.spec.outputs.contains { $0.name == "Output" } ? ["Output": .parameter("x")] : [:]) }
        let server = try await fixture.server(machine)
        _ = try await server.run(Self.pipeline())
        _ = try await server.run(Self.pipeline())
        #expect(starts(machine) == 2)
    }

    @Test func aDeletedRunIsForgotten() async throws {
        let machine = Self.machine(), server = try await fixture.server(machine)
        let first = try await server.run(Self.pipeline()), second = try await server.run(Self.pipeline())
        _ = try await server.runs.delete(first.run.id)
        #expect(try await server.run(Self.pipeline()).run.state == .succeeded)
        #expect(starts(machine) == 4, "only what ran itself is reused")
        #expect(try await server.runs.nodes(of: second.run.id)[1].outputs["Output"] == "one")
    }

    /// Records and answers of one server process hold for the next; a step that waits to be started is asked for again.
    @Test func reuseOutlivesTheServer() async throws {
        let machine = Self.machine(), first = try await fixture.server(machine)
        let made = try await first.run(Self.pipeline())
        first.kill()
        let second = try await fixture.server(machine)
        #expect(try await second.run(Self.pipeline()).nodes[1].reusedFrom?.runID == made.run.id)
        #expect(starts(machine) == 2)
    }

    @Test func aStepKilledInTheMiddleIsRecordedWhenItEnds() async throws {
        let machine = ScriptedMachine(), first = try await fixture.server(machine)
        let run = try await first.runs.create(namespace: "default", RunRequest(name: "r", package: try PipelinePackage(yaml: Self.pipeline()), parameters: [:]))
        let make = try #require(try await first.runs.nodes(of: run.id).first { $0.taskName == "make" })
        #expect(make.reuseKey != nil)
        await machine.called("start " + make.taskID)
        first.kill()
        machine.end(make.taskID, outputs: ["Output": .parameter("one"), "artifact:file": .artifact(digest: Hashing.sha256Hex("one"), bytes: 3, isDirectory: false)])
        let second = try await fixture.server(machine)
        for await _ in second.runs.watch.changes(of: run.id) where try await second.runs.nodes(of: run.id).contains(where: { $0.taskName == "use" && $0.phase == .running }) { break }
        let other = try await second.runs.create(namespace: "default", RunRequest(name: "r", package: try PipelinePackage(yaml: Self.pipeline()), parameters: [:]))
        #expect(try await second.runs.nodes(of: other.id).first { $0.taskName == "make" }?.reusedFrom == NodeReference(runID: run.id, nodeID: make.id))
    }

    // MARK: Planner

    @Test func reusedStepsHoldNoPlaceAndArgoAsksNothing() throws {
        var graph = try PipelinePackage(yaml: Self.pipeline()).graph
        graph.parallelism = 1
        var run = Harness(graph)
        run.start()
        let question = try #require(run.asked.first)
        #expect(!question.material.contains(run.planner.state.facts.id), "where artifacts lie does not count")
        var again = Harness(graph)
        again.stored[question.material] = ReusedResult(source: NodeReference(runID: "r", nodeID: "n"), outputs: ["Output": "one"], artifacts: [:])
        again.start()
        // Without its file `use` cannot start, so the reuse was taken as a result like any other.
        #expect(again.phase("make") == .succeeded && again.started.isEmpty)
        #expect(again.node("use")?.message.contains("has no output artifact") == true)
    }

    /// As the client's `enable_caching=False` writes it: at the root only.
    @Test(arguments: [("", true), ("cachingOptions: {}", false), ("cachingOptions: {enableCache: true}", true)]) func aDagForbidsItToAllWithin(options: String, asks: Bool) throws {
        var run = Harness(try PipelinePackage(yaml: """
        pipelineInfo: {name: t}
        schemaVersion: 2.1.0
        root: {dag: {tasks: {loop: {componentRef: {name: body}, taskInfo: {name: loop}, \(options.isEmpty ? "" : options + ",") parameterIterator: {itemInput: item, items: {raw: "[1]"}}}}}}
        components:
          body:
            inputDefinitions: {parameters: {item: {parameterType: NUMBER_INTEGER}}}
            dag: {tasks: {s: {componentRef: {name: step}, taskInfo: {name: s}, cachingOptions: {enableCache: true}}}}
          step: {executorLabel: e}
        deploymentSpec: {executors: {e: {container: {image: alpine, command: [x]}}}}
        """).graph)
        run.start()
        #expect(run.started.count == 1 && run.asked.count == (asks ? 1 : 0))
    }

    @Test func aQuestionThatIsOvertakenByTheEndFreesItsPlace() throws {
        var graph = try PipelinePackage(yaml: Self.pipeline()).graph
        graph.parallelism = 1
        let whole = Harness(graph)
        var planner = whole.planner
        planner.start(now: whole.now)
        let question = try #require(planner.takeQuestions().first)
        planner.terminate(now: whole.now)
        planner.answer(node: question.node, key: "k", reused: nil, now: whole.now)
        let effects = planner.takeChanges().effects
        #expect(planner.active == 0)
        #expect(effects == [.runEnded(phase: .cancelled, message: "the run was terminated")])
    }
}
