import ArgumentParser
import Core

struct WhoAmICommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "whoami", abstract: "Show whose token it is, and what it may do where.")

    @Option(name: .shortAndLong, help: "table, json or yaml.")
    var output = OutputFormat.table
    @OptionGroup var connection: ConnectionOptions

    func execute(_ context: CommandContext) async throws {
        let session = try await context.session()
        guard output.isTable else {
            let user = session["user"]?.stringValue ?? ""
            return try Console.write(output == .name ? "user/\(user)\n" : try DocumentText.render(session, output))
        }
        try Console.write(Self.text(session, server: context.client.access.url))
    }

    static func text(_ session: JSON, server: String) -> String {
        var out = DescriptionText()
        out.fact("User", session["user"]?.stringValue)
        out.fact("Server", server)
        out.fact("Admin", session["is_admin"] == true ? "yes" : "no")
        out.fact("Home", session["home_namespace"]?.stringValue)
        out.table(
            "Namespaces", ["NAME", "ROLE"], (session["namespaces"]?.arrayValue ?? []).map { [$0["name"]?.stringValue ?? "", $0["role"]?.stringValue ?? ""] })
        return out.text
    }
}
