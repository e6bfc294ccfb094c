import App
import ArgumentParser

@main
struct Monoflow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monoflow", abstract: "Kubeflow in one process.", version: Server.version, subcommands: [Serve.self])
}
