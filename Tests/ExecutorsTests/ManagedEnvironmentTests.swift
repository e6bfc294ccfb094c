import Core
import Foundation
import Tasks
import Testing

@testable import Executors

/// Builds real environments from the package index.
@Suite(.enabled(if: Workbench.isOnline)) struct ManagedEnvironmentTests {
    private func python(_ bench: Workbench, _ script: String, image: String = "python:3.11", _ change: (inout TaskSpec) -> Void = { _ in }) -> TaskLaunch {
        bench.task(script) {
            $0.image = image
            change(&$0)
        }
    }

    @Test(arguments: Workbench.levels) func aSmallPackage(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let script = "pip install --quiet 'six==1.16.0' && python -c 'import six, sys; print(six.__version__, sys.prefix == sys.base_prefix)'; which python3 pip"
        // Several tasks at once: one build.
        let tasks = (0..<3).map { _ in python(bench, script) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in tasks {
                group.addTask {
                    let exit = try await bench.run(task)
                    #expect(exit.succeeded, "\(bench.log(task))")
                }
            }
            try await group.waitForAll()
        }
        let built = try FileManager.default.contentsOfDirectory(atPath: bench.data + "/environments").filter { $0.hasPrefix("python3.") }
        #expect(built.count == 1)
        #expect(tasks.allSatisfy { bench.log($0).contains("1.16.0 False\n\(bench.data)/environments/\(built[0])/venv/bin/python3\n") })
        #expect(tasks.contains { bench.log($0).hasPrefix("monoflow: building the environment \(built[0])") })
        // The second use finds it built.
        let later = python(bench, script)
        #expect(try await bench.run(later).succeeded)
        #expect(bench.log(later).hasPrefix("1.16.0 False"))
    }

    @Test func aLightweightKfpComponent() async throws {
        let bench = try await Workbench()
        let input = #"{"inputs":{"parameterValues":{"text":"hello"}},"outputs":{"parameters":{"Output":{"outputFile":"/tmp/kfp/Output"}},"outputFile":"/tmp/kfp/executor_output.json"}}"#
        let task = bench.task("") {
            $0.image = "python:3.11"
            $0.command = [
                "sh", "-c",
                "\nif ! [ -x \"$(command -v pip)\" ]; then\n    python3 -m ensurepip || python3 -m ensurepip --user || apt-get install python3-pip\nfi\n\nPIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-warn-script-location 'kfp==2.17.0' '--no-deps' 'typing-extensions>=3.7.4,<5; python_version<\"3.9\"' && \"$0\" \"$@\"\n",
                "sh", "-ec",
                "program_path=$(mktemp -d)\n\nprintf \"%s\" \"$0\" > \"$program_path/ephemeral_component.py\"\n_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main                         --component_module_path                         \"$program_path/ephemeral_component.py\"                         \"$@\"\n",
                "\nimport kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\nfrom typing import *\n\ndef shout(text: str) -> str:\n    print('running')\n    return text.upper()\n\n",
            ]
            $0.args = ["--executor_input", input, "--function_to_execute", "shout"]
            $0.outputs = [.init(name: "result", path: "/tmp/kfp/executor_output.json", kind: .parameter)]
            // Everything the step needs is installed before: it could not fetch a thing.
            $0.network = false
        }
        #expect(try await bench.run(task).succeeded, "\(bench.log(task))")
        #expect(try await bench.executor.collect(task) == ["result": .parameter(#"{"parameterValues": {"Output": "HELLO"}}"#)])
        #expect(bench.log(task).contains("running\n"))
    }

    @Test func aFailedBuildTellsWhyAndIsTriedAgain() async throws {
        let bench = try await Workbench()
        let task = python(bench, "pip install no-such-package-of-monoflow==9.9.9")
        for _ in 0..<2 {
            await #expect { try await bench.executor.prepare(task) } throws: {
                ($0 as? MonoflowError)?.code == .failedPrecondition && "\($0)".contains("no-such-package-of-monoflow")
            }
        }
        #expect(bench.log(task).contains("monoflow: building the environment"))
    }

    @Test func anotherVersionIsSaid() async throws {
        let bench = try await Workbench()
        let task = python(bench, "python3 --version", image: "python:3.30-slim")
        #expect(try await bench.run(task).succeeded)
        let line = bench.log(task).split(separator: "\n").first ?? ""
        #expect(line.wholeMatch(of: /python:3.30-slim runs as Python 3\.\d+/) != nil, "\(line)")
    }

    @Test(arguments: Workbench.asRoot) func aStepMayInstallMore(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        guard bench.executor.canOverlay else {
            print("skipped: later installs, because overlay mounts do not work on \(bench.data)")
            return
        }
        let task = python(bench, "name=six; pip install -q $name==1.15.0 && python -c 'import six; print(six.__version__)'")
        #expect(try await bench.run(task).succeeded, "\(bench.log(task))")
        #expect(bench.log(task).hasSuffix("1.15.0\n"))
        let other = python(bench, "name=x; python -c 'import six'", { $0.network = false })
        #expect(try await bench.run(other).code == 1, "what one task installed reaches no other")
    }

    @Test func programsInClosedDirectoriesAreNotForEveryone() throws {
        let folder = NSTemporaryDirectory() + "monoflow-\(UInt64.random(in: 0 ... .max))", program = folder + "/bin/program"
        try FileManager.default.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(FileManager.default.createFile(atPath: program, contents: Data()))
        for (directory, file, isFor) in [(0o755, 0o755, true), (0o711, 0o711, true), (0o700, 0o755, false), (0o755, 0o744, false)] as [(mode_t, mode_t, Bool)] {
            #expect(chmod(folder, directory) == 0 && chmod(program, file) == 0)
            #expect(PythonInterpreters.isForEveryone(program) == isFor, "\(String(directory, radix: 8)) \(String(file, radix: 8))")
        }
        #expect(!PythonInterpreters.isForEveryone(folder + "/none"))
    }

    @Test func interpretersAreFoundByVersion() throws {
        let interpreters = PythonInterpreters(searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "", home: NSHomeDirectory())
        let any = try interpreters.find(version: nil)
        #expect(try interpreters.find(version: any.version).version == any.version)
        #expect(try interpreters.find(version: "3.30").minor < 30)
        let plan = PythonPlan(interpreter: any, requirements: .init(full: ["b", "a"]), parent: "/e")
        #expect(plan.key == PythonPlan(interpreter: any, requirements: .init(full: ["a", "b"]), parent: "/e").key)
        #expect(plan.key != PythonPlan(interpreter: any, requirements: .init(bare: ["a", "b"]), parent: "/e").key)
        #expect(plan.key != PythonPlan(interpreter: any, requirements: .init(full: ["a", "b"]), parent: "/f").key)
    }
}
