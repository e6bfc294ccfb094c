import Core
import Foundation
import Tasks

/// A managed Python environment as it will be, or is, on disk.
struct PythonPlan: Sendable, Equatable {
    /// E.g. `python3.11-1f0c…`: the same for the same interpreter, place and requirements.
    let key: String
    let directory: String
    let interpreter: PythonInterpreter
    let requirements: PipRequirements

    /// Virtual environments hold absolute paths, so one that was moved is another one.
    init(interpreter: PythonInterpreter, requirements: PipRequirements, parent: String) {
        let parts = ["2", interpreter.path, interpreter.fullVersion, parent] + requirements.full.sorted() + ["--no-deps"]
            + requirements.bare.sorted() + ["--index"] + requirements.indexArguments
        key = "python\(interpreter.version)-" + Hashing.sha256Hex(parts.joined(separator: "\u{1f}")).prefix(16)
        directory = parent + "/" + key
        self.interpreter = interpreter
        self.requirements = requirements
    }

    var venv: String { directory + "/venv" }
    var ready: String { directory + "/ready" }
    var buildLog: String { directory + "/build.log" }

    /// For people: what is installed.
    var summary: String {
        let list = requirements.full.sorted() + requirements.bare.sorted().map { $0 + " (alone)" }
        return "Python \(interpreter.fullVersion)" + (list.isEmpty ? "" : " with " + list.joined(separator: ", "))
    }
}

/// What a task's image means here, decided before anything is built.
struct EnvironmentPlan: Sendable {
    var commandLine: [String]
    /// Variables as the image would set them.
    var variables: [EnvironmentVariable]
    var workingDirectory: String?
    var binds: [Sandbox.Bind]
    var python: PythonPlan?
    /// First line of the task's log, where the environment is not quite what the image names.
    var notice: String?

    static let hostPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

/// Turns a task's spec into a plan: table, interpreter and the requirements that its own pip lines name.
struct EnvironmentPlanner: Sendable {
    let table: EnvironmentTable
    let interpreters: PythonInterpreters
    /// Where managed environments lie.
    let directory: String

    /// - Throws: `failedPrecondition` for an image that maps to nothing, a command that is missing, no Python.
    func plan(_ spec: TaskSpec) throws(MonoflowError) -> EnvironmentPlan {
        let entry = try table.entry(for: spec.image)
        let line = entry.commandLine(command: spec.command, args: spec.args)
        guard let first = line.first, !first.isEmpty else {
            throw MonoflowError(.failedPrecondition, "start task", "image \(spec.image)", "neither the task nor its environment names a command")
        }
        var plan = EnvironmentPlan(
            commandLine: line, variables: [.init("PATH", EnvironmentPlan.hostPath), .init("HOME", "/root"), .init("LANG", "C.UTF-8")],
            workingDirectory: entry.workingDirectory, binds: entry.mounts.sorted { $0.key < $1.key }.map { .init($0.value, $0.key) })
        if case .python(let version, let listed) = entry.kind {
            try addPython(version: version ?? ImageReference(spec.image).pythonVersion, listed: listed, spec: spec, to: &plan)
        }
        plan.variables += entry.env
        return plan
    }

    private func addPython(version: String?, listed: [String], spec: TaskSpec, to plan: inout EnvironmentPlan) throws(MonoflowError) {
        let interpreter = try interpreters.find(version: version)
        var requirements = PipRequirements.scan(commandLine: plan.commandLine, inputs: spec.inputs)
        let named = Set(listed.map(PipRequirements.canonicalName))
        requirements.full = listed + requirements.full.filter { !named.contains(PipRequirements.canonicalName($0)) }
        requirements.bare.removeAll { named.contains(PipRequirements.canonicalName($0)) }
        let python = PythonPlan(interpreter: interpreter, requirements: requirements, parent: directory)
        if let version, version != interpreter.version { plan.notice = "\(spec.image) runs as Python \(interpreter.version)" }
        plan.python = python
        plan.variables += [
            .init("PATH", python.venv + "/bin:" + EnvironmentPlan.hostPath), .init("VIRTUAL_ENV", python.venv), .init("PYTHONUNBUFFERED", "1"),
            .init("PIP_DISABLE_PIP_VERSION_CHECK", "1"), .init("PIP_ROOT_USER_ACTION", "ignore"),
        ]
        if !SandboxPath.isInside(interpreter.basePrefix, "/usr") { plan.binds.append(.init(interpreter.basePrefix)) }
    }
}
