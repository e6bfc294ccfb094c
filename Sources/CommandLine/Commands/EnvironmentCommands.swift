import ArgumentParser
import Core

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "init", abstract: "Write the commented beginning of a declarative environment.")

    @Argument(help: "Directory; made where it is missing.", completion: .directory)
    var directory: String

    func run() async throws {
        try await CommandRunner.run {
            let path = try EnvironmentFiles.initialize(directory)
            try Console.line("\(path) written: edit it, then run monoflow generate \(directory) and monoflow apply -f \(directory)")
        }
    }
}

struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Expand DIR/environment.yaml into the objects of DIR/objects, which monoflow apply -f DIR applies.")

    @Argument(help: "The environment's directory.", completion: .directory)
    var directory: String

    func run() async throws {
        try await CommandRunner.run {
            for change in try EnvironmentFiles.generate(directory) { try Console.line("\(change.path) \(change.word.rawValue)") }
        }
    }
}
