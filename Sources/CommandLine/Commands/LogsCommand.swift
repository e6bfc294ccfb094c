import ArgumentParser
import Core

struct LogsCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what a pod, or the steps of a run, have written.",
        discussion: "Of a run with several steps, and with -f of any run, every line begins with its step's name, unless --step chooses one.")

    @Argument(help: "POD, pod/NAME or run/ID.")
    var object: String
    @Option(help: ArgumentHelp("Of a run: the step's name or id.", valueName: "name"))
    var step: String?
    @Option(name: .shortAndLong, help: "Of a pod: the container.")
    var container: String?
    @Flag(name: .shortAndLong, help: "Go on until the step, or the run, has ended.")
    var follow = false
    @Option(help: ArgumentHelp("Of a pod: only the last so many lines.", valueName: "lines"))
    var tail: Int?
    @Flag(help: "Of a pod: a time before each line.")
    var timestamps = false
    @Flag(name: .shortAndLong, help: "Of a pod: the container that ran before.")
    var previous = false
    @Option(name: .shortAndLong, help: "Namespace; default the caller's home.")
    var namespace: String?
    @OptionGroup var connection: ConnectionOptions

    func execute(_ context: CommandContext) async throws {
        let (kind, name) = object.contains("/") ? try ObjectArguments([object]).single() : ("pod", object)
        let space = try await context.namespace(namespace)
        if NativeKind(word: kind) == .runs {
            guard container == nil, tail == nil, !timestamps, !previous else {
                throw MonoflowError(.invalidArgument, "read options", "run/\(name)", "--container, --tail, --timestamps and --previous are for pods")
            }
            let run = try await NativeObjects(client: context.client, kind: .runs).find(name, namespace: space)
            return try await RunLogs(client: context.client, run: NativeKind.runs.id(run), step: step).write(follow: follow)
        }
        guard ["pod", "pods", "po"].contains(kind.lowercased()) else {
            throw MonoflowError(
                .invalidArgument, "read arguments", object, "logs are those of a pod or a run", hint: "monoflow logs pod/NAME, monoflow logs run/ID")
        }
        guard step == nil else { throw MonoflowError(.invalidArgument, "read options", "--step", "is for runs; a pod has --container") }
        try await context.client.stream(podRequest(name, namespace: space)) { try Console.write($0) }
    }

    func podRequest(_ name: String, namespace: String) -> APIRequest {
        APIRequest(["api", "v1", "namespaces", namespace, "pods", name, "log"], query: [
            "follow": follow ? "true" : nil, "container": container, "tailLines": tail.map { String($0) }, "timestamps": timestamps ? "true" : nil,
            "previous": previous ? "true" : nil,
        ])
    }
}
