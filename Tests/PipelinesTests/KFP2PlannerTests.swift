import Core
import Tasks
import Testing

@testable import Pipelines

/// kfp 2's semantics.
@Suite struct KFP2PlannerTests {
    /// An IR of a root dag and components; `step` takes x (STRING) and gives Output (STRING).
    private func ir(_ tasks: String, components: String = "", inputs: String = "") throws -> WorkflowGraph {
        try PipelinePackage(yaml: """
        pipelineInfo: {name: t}
        schemaVersion: 2.1.0
        sdkVersion: kfp-2.17.0
        root:
          \(inputs)
          dag:
            tasks:
        \(tasks)
        components:
          step:
            executorLabel: e
            inputDefinitions: {parameters: {x: {parameterType: STRING, isOptional: true, defaultValue: none}}}
            outputDefinitions: {parameters: {Output: {parameterType: STRING}}}
          number:
            executorLabel: n
            inputDefinitions: {parameters: {x: {parameterType: NUMBER_INTEGER}}}
            outputDefinitions: {parameters: {Output: {parameterType: NUMBER_INTEGER}}}
        \(components)
        deploymentSpec:
          executors:
            e: {container: {image: alpine, command: [echo, "{{$.inputs.parameters['x']}}"]}}
            n: {container: {image: alpine, command: [echo, "{{$}}"]}}
        """).graph
    }

    @Test func constantsMayHoldOtherInputs() throws {
        var run = Harness(try ir("""
              a: {componentRef: {name: step}, taskInfo: {name: a}}
              b:
                componentRef: {name: step}
                taskInfo: {name: b}
                dependentTasks: [a]
                inputs:
                  parameters:
                    x: {runtimeValue: {constant: "got {{$.inputs.parameters['pipelinechannel--a-Output']}}!"}}
                    pipelinechannel--a-Output: {taskOutputParameter: {producerTask: a, outputParameterKey: Output}}
        """))
        run.run { _, _ in ["Output": "A"] }
        #expect(run.started.last?.spec.command == ["echo", "got A!"])
        #expect(run.end?.phase == .succeeded)
    }

    @Test func executorInputHasTypedValues() throws {
        var run = Harness(try ir("""
              a: {componentRef: {name: number}, taskInfo: {name: a}, inputs: {parameters: {x: {runtimeValue: {constant: 9.0}}}}}
        """))
        run.start()
        let input = try JSONParser.parse(try #require(run.started.first?.spec.command?[1]))
        #expect(input["inputs"]?["parameterValues"]?["x"] == 9)
        #expect(input["outputs"]?["parameters"]?["Output"]?["outputFile"] == "/tmp/kfp/outputs/Output")
        #expect(input["outputs"]?["outputFile"] == .string(KFP2Files.executorOutput))
    }

    @Test(arguments: [("heads", "then"), ("tails", "else")])
    func ifElseOneOf(value: String, taken: String) throws {
        let branch = { (name: String) in
            """
              comp-\(name):
                dag:
                  outputs: {parameters: {o: {valueFromParameter: {producerSubtask: \(name), outputParameterKey: Output}}}}
                  tasks:
                    \(name): {componentRef: {name: step}, taskInfo: {name: \(name)}, inputs: {parameters: {x: {runtimeValue: {constant: \(name)}}}}}
                inputDefinitions: {parameters: {v: {parameterType: STRING}}}
                outputDefinitions: {parameters: {o: {parameterType: STRING}}}
            """
        }
        let task = { (name: String, condition: String) in
            """
                    cond-\(name):
                      componentRef: {name: comp-\(name)}
                      taskInfo: {name: cond-\(name)}
                      inputs: {parameters: {v: {componentInputParameter: v}}}
                      triggerPolicy: {condition: "\(condition)"}
            """
        }
        var run = Harness(try ir("""
              a: {componentRef: {name: step}, taskInfo: {name: a}}
              branches:
                componentRef: {name: comp-branches}
                taskInfo: {name: branches}
                dependentTasks: [a]
                inputs: {parameters: {v: {taskOutputParameter: {producerTask: a, outputParameterKey: Output}}}}
              end:
                componentRef: {name: step}
                taskInfo: {name: end}
                dependentTasks: [branches]
                inputs: {parameters: {x: {taskOutputParameter: {producerTask: branches, outputParameterKey: one}}}}
        """, components: """
          comp-branches:
            dag:
              outputs: {parameters: {one: {valueFromOneof: {parameterSelectors: [{producerSubtask: cond-then, outputParameterKey: o}, {producerSubtask: cond-else, outputParameterKey: o}]}}}}
              tasks:
        \(task("then", "inputs.parameter_values['v'] == 'heads'"))
        \(task("else", "!(inputs.parameter_values['v'] == 'heads')"))
            inputDefinitions: {parameters: {v: {parameterType: STRING}}}
            outputDefinitions: {parameters: {one: {parameterType: STRING}}}
        \(branch("then"))
        \(branch("else"))
        """))
        run.run { name, _ in ["Output": name == "a" ? .string(value) : .string("from " + name)] }
        #expect(run.startedNames == ["a", taken, "end"])
        #expect(run.started.last?.spec.command == ["echo", "from \(taken)"])
        #expect(run.end?.phase == .succeeded)
    }

    private let loopComponent = """
      comp-loop:
        dag:
          outputs: {parameters: {o: {valueFromParameter: {producerSubtask: body, outputParameterKey: Output}}}}
          tasks:
            body: {componentRef: {name: step}, taskInfo: {name: body}, inputs: {parameters: {x: {componentInputParameter: item}}}}
        inputDefinitions: {parameters: {item: {parameterType: STRING}}}
        outputDefinitions: {parameters: {o: {parameterType: LIST}}}
    """

    private func loop(_ raw: String, policy: String = "") throws -> WorkflowGraph {
        try ir("""
              loop:
                componentRef: {name: comp-loop}
                taskInfo: {name: loop}
                parameterIterator: {itemInput: item, items: {raw: '\(raw)'}}
                \(policy)
              sum:
                componentRef: {name: all}
                taskInfo: {name: sum}
                dependentTasks: [loop]
                inputs: {parameters: {x: {taskOutputParameter: {producerTask: loop, outputParameterKey: o}}}}
        """, components: loopComponent + """

          all:
            executorLabel: e
            inputDefinitions: {parameters: {x: {parameterType: LIST}}}
        """)
    }

    @Test func loopCollectsInOrder() throws {
        var run = Harness(try loop("[\"a\", \"b\", \"c\"]"))
        run.start()
        #expect(run.open.count == 3)
        // Answered out of order: the list still follows the items.
        for index in [2, 0, 1] {
            let task = run.planner.state.ordered.filter { $0.displayName == "body" }[index]
            run.planner.attemptEnded(
                node: task.id, attempt: 1, result: AttemptResult(end: .succeeded, finishedAt: run.now, outputs: ["Output": .string("o\(index)")]), now: run.now)
            run.take()
        }
        #expect(run.node("sum")?.inputs["x"] == ["o0", "o1", "o2"])
        #expect(run.planner.state.ordered.filter { $0.iteration != nil }.map(\.displayName) == ["loop-0", "loop-1", "loop-2"])
    }

    @Test func emptyLoopGivesEmptyLists() throws {
        var run = Harness(try loop("[]"))
        run.run { _, _ in ["Output": "x"] }
        #expect(run.startedNames == ["sum"])
        #expect(run.node("sum")?.inputs["x"] == [])
        #expect(run.end?.phase == .succeeded)
    }

    @Test func membersOfDictItemsReachTheBody() throws {
        var run = Harness(try ir("""
              loop:
                componentRef: {name: comp-d}
                taskInfo: {name: loop}
                inputs: {parameters: {item-subvar-a: {componentInputParameter: no-such-input}}}
                parameterIterator: {itemInput: item, items: {raw: '[{"a": "A0"}, {"a": "A1"}]'}}
        """, components: """
          comp-d:
            dag:
              tasks:
                body: {componentRef: {name: step}, taskInfo: {name: body}, inputs: {parameters: {x: {componentInputParameter: item-subvar-a}}}}
            inputDefinitions: {parameters: {item: {parameterType: STRUCT}, item-subvar-a: {parameterType: STRING}}}
        """))
        run.run { _, _ in ["Output": "x"] }
        #expect(run.started.map { $0.spec.command } == [["echo", "A0"], ["echo", "A1"]])
    }

    @Test func membersOfDictItemsReachTextsInsideTheBody() throws {
        var run = Harness(try ir("""
              loop:
                componentRef: {name: comp-d}
                taskInfo: {name: loop}
                parameterIterator: {itemInput: item, items: {raw: '[{"a": "A0"}, {"a": "A1"}]'}}
        """, components: """
          comp-d:
            dag:
              tasks:
                body:
                  componentRef: {name: step}
                  taskInfo: {name: body}
                  inputs:
                    parameters:
                      item-subvar-a: {componentInputParameter: item-subvar-a}
                      x: {runtimeValue: {constant: "<{{$.inputs.parameters['item-subvar-a']}}>"}}
            inputDefinitions: {parameters: {item: {parameterType: STRUCT}}}
        """))
        run.run { _, _ in ["Output": "x"] }
        #expect(run.started.map { $0.spec.command } == [["echo", "<A0>"], ["echo", "<A1>"]])
    }

    @Test func loopParallelismLimit() throws {
        var run = Harness(try loop("[1,2,3,4,5]", policy: "iteratorPolicy: {parallelismLimit: 2}"))
        run.start()
        var most = 0
        while run.open.contains(where: { $0.name == "body" }) {
            most = max(most, run.open.count)
            run.answer("body", .succeeded, ["Output": "x"])
        }
        #expect(most == 2)
    }

    @Test func exitTaskRunsAfterFailureWithFinalStatus() throws {
        var run = Harness(try ir("""
              work: {componentRef: {name: step}, taskInfo: {name: work}}
              bye:
                componentRef: {name: status}
                taskInfo: {name: bye}
                dependentTasks: [work]
                inputs: {parameters: {status: {taskFinalStatus: {producerTask: work}}}}
                triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}
              after: {componentRef: {name: step}, taskInfo: {name: after}, dependentTasks: [work]}
        """, components: """
          status:
            executorLabel: n
            inputDefinitions: {parameters: {status: {parameterType: TASK_FINAL_STATUS, isOptional: true}}}
        """))
        run.start()
        run.answer("work", .failed)
        let status = run.node("bye")?.inputs["status"]
        #expect(status?["state"] == "FAILED")
        #expect(status?["pipelineTaskName"] == "work")
        #expect(status?["error"]?["message"] == "exit status 1")
        #expect(run.phase("after") == .skipped)
        run.answer("bye")
        #expect(run.end?.phase == .failed)
    }

    @Test func missingOptionalInputStaysAbsent() throws {
        var run = Harness(try ir("""
              a: {componentRef: {name: optional}, taskInfo: {name: a}, inputs: {parameters: {x: {componentInputParameter: given}}}}
        """, components: """
          optional:
            executorLabel: n
            inputDefinitions: {parameters: {x: {parameterType: STRING, isOptional: true}}}
        """, inputs: "inputDefinitions: {parameters: {given: {parameterType: STRING, isOptional: true}}}"))
        run.start()
        let input = try JSONParser.parse(try #require(run.started.first?.spec.command?[1]))
        #expect(input["inputs"]?["parameterValues"] == [:])
    }
}
