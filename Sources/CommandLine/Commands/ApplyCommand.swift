import ArgumentParser
import Core

struct ApplyCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Make objects be as documents say.",
        discussion: """
            Documents are YAML or JSON of the resource API, or of monoflow/v1: User, Member, SecretReference, Model. They are merged by server-side apply; \
            a second call changes nothing. A directory with an environment.yaml stands for what monoflow generate has made of it.
            """)

    @Option(
        name: .shortAndLong, parsing: .singleValue,
        help: ArgumentHelp("File, directory, or - for standard input; may be given several times.", valueName: "path"),
        completion: .file())
    var filename: [String]
    @Option(name: .shortAndLong, help: "Namespace of documents that name none; default the caller's home.")
    var namespace: String?
    @Flag(help: "Check everything and change nothing.")
    var dryRun = false
    @Flag(help: "Take over fields that others manage.")
    var forceConflicts = false
    @Option(help: "Who the changed fields belong to.")
    var fieldManager = "monoflow"
    @OptionGroup var connection: ConnectionOptions

    func execute(_ context: CommandContext) async throws {
        let documents = try DocumentFiles.read(filename)
        let applier = DocumentApplier(context: context, namespace: namespace, isDryRun: dryRun, force: forceConflicts, manager: fieldManager)
        let summary = try await applier.apply(documents)
        try Console.line(summary.text(isDryRun: dryRun))
        if summary.refused > 0 { throw ExitCode(1) }
    }
}
