import App
import ArgumentParser
import CommandLine

@main
struct Monoflow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monoflow", abstract: "Kubeflow in one process.", version: Server.version, subcommands: [Serve.self, Completion.self],
        groupedSubcommands: CommandSet.groups)
}
