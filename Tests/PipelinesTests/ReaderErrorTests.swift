import Core
import Testing

@testable import Pipelines

/// What is wrong with a definition is said with its place, and nothing in it is ignored in silence.
@Suite struct ReaderErrorTests {
    private static func workflow(_ template: String, spec: String = "") -> String {
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: t-}\nspec:\n  entrypoint: main\n\(spec)\n  templates:\n\(template)"
    }
    private static let step = "  - {name: step, container: {image: alpine, command: [x]}}"

    private static let cases: [(String, MonoflowError.Code, String)] = [
        ("a: [1, 2", .invalidArgument, "malformed YAML"),
        ("a: 1\na: 2", .invalidArgument, "twice"),
        ("just text", .invalidArgument, "neither an Argo Workflow"),
        ("", .invalidArgument, "no document"),
        (workflow("  - {name: main, dag: {tasks: [{name: a, template: nowhere}]}}"), .invalidArgument, "task a: there is no template \"nowhere\""),
        (workflow("  - {name: main, dag: {tasks: [{name: a, template: step, dependencies: [b]}, {name: b, template: step, dependencies: [a]}]}}\n" + step), .invalidArgument, "cycle: a → b → a"),
        (workflow("  - {name: main, dag: {tasks: [{name: a, template: step, dependencies: [zz]}]}}\n" + step), .invalidArgument, "depends on \"zz\""),
        (workflow("  - {name: main, script: {image: a, source: b}}"), .unimplemented, "spec.templates[0] (main).script"),
        (workflow("  - {name: main, container: {image: a, volumeMounts: [{name: v, mountPath: /v}]}}"), .unimplemented, "spec.templates[0] (main).container.volumeMounts"),
        (workflow("  - {name: main, dag: {tasks: [{name: a, template: step, depends: b}]}}\n" + step), .unimplemented, "tasks[0] (a).depends"),
        (workflow("  - {name: main, container: {image: a, command: ['{{steps.x.outputs.result}}']}}"), .unimplemented, "{{steps.x.outputs.result}}"),
        (workflow("  - {name: main, container: {image: a, command: ['{{inputs.parameters.q}}']}}"), .invalidArgument, "template main: {{inputs.parameters.q}}"),
        (workflow(step, spec: "  volumes: [{name: v}]"), .unimplemented, "spec.volumes"),
        ("pipelineInfo: {name: t}\nschemaVersion: 2.1.0\nroot: {dag: {tasks: {a: {componentRef: {name: q}}}}}", .invalidArgument, "there is no template \"q\""),
        ("pipelineInfo: {name: t}\nschemaVersion: 2.1.0\nroot: {executorLabel: e}\ndeploymentSpec: {executors: {e: {resolver: {}}}}", .invalidArgument, "deploymentSpec.executors.e"),
        ("pipelineInfo: {name: t}\nschemaVersion: 2.1.0\nroot: {executorLabel: e}\ndeploymentSpec: {executors: {e: {container: {image: a, lifecycle: {preCacheCheck: {command: [a]}}}}}}", .unimplemented, "deploymentSpec.executors.e.container.lifecycle"),
    ]

    @Test(arguments: cases.indices) func namesThePlace(index: Int) throws {
        let (yaml, code, part) = Self.cases[index]
        let error = #expect(throws: MonoflowError.self) { _ = try PipelinePackage(yaml: yaml) }
        #expect(error?.code == code, "\(String(describing: error))")
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }

    @Test func aliasesCannotGrowWithoutBound() throws {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...8 { yaml += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n" }
        let error = #expect(throws: MonoflowError.self) { _ = try YAMLReader.documents(yaml) }
        #expect(error?.message.contains("too large") == true)
    }
}
