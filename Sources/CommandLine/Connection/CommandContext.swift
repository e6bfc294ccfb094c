import ArgumentParser
import Core

/// What a command works with.
struct CommandContext: Sendable {
    let client: APIClient
    let discovery: Discovery
    let now: Timestamp

    init(_ connection: ConnectionOptions) throws(MonoflowError) {
        client = try APIClient(try connection.access())
        discovery = Discovery(client)
        now = WallClock.system.now()
    }

    /// `{"user","is_admin","home_namespace","namespaces"}` of the caller.
    func session() async throws -> JSON { try await client.json(APIRequest(["api", "session"])) }

    /// The namespace that was named, else the caller's home.
    func namespace(_ named: String?) async throws -> String {
        if let named { return named }
        return try await session()["home_namespace"]?.stringValue ?? "default"
    }
}

/// A command that asks a server. Errors become one line on standard error and an exit code.
protocol ServerCommand: AsyncParsableCommand {
    var connection: ConnectionOptions { get }
    func execute(_ context: CommandContext) async throws
}

extension ServerCommand {
    mutating func run() async throws {
        let command = self
        try await CommandRunner.run { try await command.execute(try CommandContext(command.connection)) }
    }
}

/// Turns errors into exit codes: 1 for what failed, 64 for a command that cannot be meant so.
enum CommandRunner {
    static func run(_ work: () async throws -> Void) async throws {
        do { try await work() } catch let error as MonoflowError {
            Console.note(describe(error))
            throw ExitCode(error.code == .invalidArgument ? 64 : 1)
        } catch let failure as ServerFailure {
            Console.note(failure.description)
            for cause in failure.causes where !failure.message.contains(cause.message) { Console.note("\(cause.field): \(cause.message)") }
            throw ExitCode(1)
        } catch let wrong as DocumentErrors {
            for error in wrong.errors { Console.note(describe(error)) }
            throw ExitCode(1)
        } catch is ClosedOutput {
            throw ExitCode(1)
        }
    }

    static func describe(_ error: any Error) -> String {
        guard let error = error as? MonoflowError else { return "\(error)" }
        return error.operation.isEmpty && error.subject.isEmpty ? error.message + (error.hint.map { " (\($0))" } ?? "") : error.description
    }
}
