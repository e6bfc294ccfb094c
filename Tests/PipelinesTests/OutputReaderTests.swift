import Core
import Tasks
import Testing

@testable import Pipelines

/// What a step left in its files, read by either dialect.
@Suite struct OutputReaderTests {
    private func kfp() throws -> OutputReader {
        var run = Harness(try PipelinePackage(yaml: """
        pipelineInfo: {name: t}
        schemaVersion: 2.1.0
        root: {dag: {tasks: {a: {componentRef: {name: step}, taskInfo: {name: a}}}}}
        components:
          step:
            executorLabel: e
            outputDefinitions:
              parameters: {n: {parameterType: NUMBER_INTEGER}, d: {parameterType: NUMBER_DOUBLE}, s: {parameterType: STRING}, b: {parameterType: BOOLEAN}, l: {parameterType: LIST}, o: {parameterType: STRUCT}}
              artifacts: {model: {artifactType: {schemaTitle: system.Model, schemaVersion: 0.0.1}, metadata: {from: spec}}}
        deploymentSpec: {executors: {e: {container: {image: alpine, command: [x]}}}}
        """).graph)
        run.start()
        let node = try #require(run.node("a")), container = try #require(run.planner.graph.templates["step"]?.container)
        return OutputReader(graph: run.planner.graph, facts: run.planner.state.facts, node: node, container: container)
    }

    private func texts(_ values: [String: String]) -> [String: CollectedOutput] { values.mapValues { .parameter($0) } }
    private let files = ["n": " 7\n", "d": "0.5", "s": "text\n", "b": "True", "l": "[1, \"x\"]", "o": "{\"k\": null}"]
    private let blob = CollectedOutput.artifact(digest: String(repeating: "0", count: 64), bytes: 9, isDirectory: true)

    @Test func filesByTheirTypes() throws {
        let outputs = try kfp().read(texts(files)).outputs
        #expect(outputs == ["n": 7, "d": 0.5, "s": "text\n", "b": true, "l": [1, "x"], "o": ["k": nil]])
    }

    @Test func theExecutorsOutputGoesFirst() throws {
        var collected = texts(files)
        collected[OutputReader.executorOutput] = .parameter("{\"parameterValues\": {\"n\": 8.0, \"s\": \"from json\", \"l\": [], \"unknown\": 1}}")
        let outputs = try kfp().read(collected).outputs
        #expect(outputs["n"] == 8 && outputs["s"] == "from json" && outputs["l"] == [] && outputs["d"] == 0.5)
        #expect(outputs["unknown"] == nil)
    }

    @Test(arguments: ["n", "d", "b", "l", "o"]) func wrongTypesNameTheOutput(name: String) throws {
        var given = files
        given[name] = "not that"
        let reader = try kfp(), collected = texts(given)
        let error = #expect(throws: MonoflowError.self) { _ = try reader.read(collected) }
        #expect(error?.subject.contains("output \(name) of task a") == true)
    }

    @Test func aMissingParameterIsNamed() throws {
        var given = files
        given["s"] = nil
        let reader = try kfp(), collected = texts(given)
        let error = #expect(throws: MonoflowError.self) { _ = try reader.read(collected) }
        #expect(error?.code == .failedPrecondition && error?.message.contains("\"s\"") == true)
    }

    @Test(arguments: ["", "{", "[1]", "null", "{\"artifacts\": 3}", "{\"artifacts\": {\"model\": {\"artifacts\": []}}}", "{\"parameterValues\": []}"])
    func oddExecutorOutputs(text: String) throws {
        let reader = try kfp()
        var collected = texts(files)
        collected[OutputReader.executorOutput] = .parameter(text)
        if (try? JSONParser.parse(text)) == nil {
            #expect(throws: MonoflowError.self) { _ = try reader.read(collected) }
            #expect(throws: MonoflowError.self) { _ = try reader.redirected(collected) }
        } else {
            #expect(try reader.redirected(collected).isEmpty)
            #expect(try reader.read(collected).outputs["n"] == 7)
        }
    }

    @Test func artifactsWithMetadata() throws {
        var collected = texts(files)
        collected["artifact:model"] = blob
        collected[OutputReader.executorOutput] = .parameter("{\"artifacts\": {\"model\": {\"artifacts\": [{\"name\": \"m\", \"metadata\": {\"accuracy\": 0.9}}]}}}")
        let artifact = try #require(try kfp().read(collected).artifacts["model"]?.first)
        #expect(artifact.name == "m" && artifact.type == "system.Model" && artifact.bytes == 9 && artifact.isDirectory)
        #expect(artifact.metadata == ["from": "spec", "accuracy": 0.9])
        #expect(artifact.uri.hasPrefix("minio://") && artifact.uri.hasSuffix("/model"))
    }

    @Test func anArtifactWithoutAFileIsRecordedWithoutContent() throws {
        let artifact = try #require(try kfp().read(texts(files)).artifacts["model"]?.first)
        #expect(artifact.digest == nil && artifact.metadata == ["from": "spec"])
    }

    @Test(arguments: [
        ("{\"uri\": \"gs://bucket/other\"}", "/gcs/bucket/other"), ("{\"custom_path\": \"/data/m\"}", "/data/m"), ("{\"uri\": \"s3://b/x\"}", "/s3/b/x"),
        ("{\"uri\": \"gs://b/o\", \"custom_path\": \"/data/m\"}", "/data/m"), ("{\"uri\": \"https://elsewhere/x\"}", nil), ("{}", nil),
    ])
    func redirectedArtifacts(runtime: String, path: String?) throws {
        let reader = try kfp()
        let collected: [String: CollectedOutput] = [OutputReader.executorOutput: .parameter("{\"artifacts\": {\"model\": {\"artifacts\": [\(runtime)]}}}")]
        #expect(try reader.redirected(collected).map(\.path) == [path].compactMap { $0 })
    }

    // MARK: Argo

    private func argoReader(_ outputs: String) throws -> OutputReader {
        var run = Harness(try argo("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: t-}\nspec:\n  entrypoint: a\n  templates:\n  - {name: a, container: {image: alpine, command: [x]}, outputs: {\(outputs)}}"))
        run.start()
        let node = try #require(run.planner.state.ordered.first), container = try #require(run.planner.graph.templates["a"]?.container)
        return OutputReader(graph: run.planner.graph, facts: run.planner.state.facts, node: node, container: container)
    }

    @Test(arguments: [("x\n", "x"), ("x", "x"), ("x\n\n", "x\n"), ("", ""), ("\n", "")]) func oneNewlineIsDropped(text: String, expected: String) throws {
        #expect(try argoReader("parameters: [{name: o, valueFrom: {path: /o}}]").read(["o": .parameter(text)]).outputs == ["o": .string(expected)])
    }

    @Test func defaultsAndOptionalArtifacts() throws {
        let reader = try argoReader("parameters: [{name: o, valueFrom: {path: /o, default: none}}], artifacts: [{name: f, path: /f, optional: true}, {name: g, path: /g}]")
        let (outputs, artifacts) = try reader.read(["artifact:g": blob])
        #expect(outputs == ["o": "none"])
        #expect(artifacts.keys.sorted() == ["g"] && artifacts["g"]?.first?.uri.hasSuffix(String(repeating: "0", count: 64)) == true)
        #expect(try reader.redirected([:]).isEmpty)
    }
}
