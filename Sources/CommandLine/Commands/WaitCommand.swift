import ArgumentParser
import Core

struct WaitCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait for a condition of objects, for their deletion, or for the end of a run.",
        discussion: "A run is waited for without --for; the exit code is 0 where it has succeeded.")

    @Argument(help: "KIND/NAME… or KIND NAME…; run/ID.")
    var objects: [String]
    @Option(name: .customLong("for"), help: ArgumentHelp("delete, create, condition=TYPE[=STATUS] or jsonpath={.a.b}[=VALUE].", valueName: "goal"))
    var goal: String?
    @Option(help: ArgumentHelp("How long, e.g. 30s or 2h; 0 looks once. Default 30s, of a run 24h.", valueName: "time"))
    var timeout: String?
    @Option(name: .shortAndLong, help: "Namespace; default the caller's home.")
    var namespace: String?
    @OptionGroup var connection: ConnectionOptions

    func execute(_ context: CommandContext) async throws {
        let limit = try timeout.map { try Times.seconds($0, of: "--timeout") }
        let goal = try goal.map { try WaitGoal($0) }
        for selection in try ObjectArguments(objects).selections {
            guard !selection.names.isEmpty else { throw MonoflowError(.invalidArgument, "read arguments", selection.kind, "name the objects to wait for") }
            if let kind = NativeKind(word: selection.kind) {
                guard kind == .runs, goal == nil || goal == .condition(type: "Succeeded", status: "True") else {
                    throw MonoflowError(.invalidArgument, "wait", kind.rawValue, "only the end of runs can be waited for", hint: "monoflow wait run/ID")
                }
                for name in selection.names { try await run(name, limit ?? 86_400, context) }
                continue
            }
            guard let goal else { throw MonoflowError(.invalidArgument, "read options", "--for", "is missing: what is to be waited for") }
            let kind = try await context.discovery.one(selection.kind)
            let wanted = ResourceSelection(kind: kind, namespace: kind.isNamespaced ? try await context.namespace(namespace) : nil)
            for name in selection.names {
                try await ObjectWait(client: context.client, selection: wanted, name: name, seconds: limit ?? 30).until(goal)
                try Console.line("\(kind.label)/\(name) \(Self.word(goal))")
            }
        }
    }

    private static func word(_ goal: WaitGoal) -> String {
        switch goal {
        case .deleted: "deleted"
        case .created: "created"
        default: "condition met"
        }
    }

    private func run(_ name: String, _ seconds: Int64, _ context: CommandContext) async throws {
        let space = try await context.namespace(namespace)
        let found = try await NativeObjects(client: context.client, kind: .runs).find(name, namespace: space), id = NativeKind.runs.id(found)
        let follower = RunFollower(client: context.client)
        if seconds > 0 {
            try await Deadline.run(seconds: seconds, of: "run/\(name)") {
                try await follower.follow(id) { !RunFollower.endStates.contains(RunFollower.state($0)) }
            }
        }
        let graph = try await follower.graph(id), state = RunFollower.state(graph)
        guard RunFollower.endStates.contains(state) else { throw Deadline.passed("run/\(name)") }
        try Console.line("run/\(name) \(state)")
        guard state == "Succeeded" else {
            if let message = graph["run"]?["message"]?.stringValue { Console.note("run/\(name): \(message)") }
            throw ExitCode(1)
        }
    }
}
