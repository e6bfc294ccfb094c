import ArgumentParser
import Core

struct NamespaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namespace", abstract: "Make and list namespaces, and say who works in them.",
        subcommands: [Create.self, List.self, Members.self, AddMember.self, RemoveMember.self])

    struct Create: ServerCommand {
        static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a namespace.")

        @Argument(help: "Lower-case letters, digits and hyphens.")
        var name: String
        @Option(help: "User who is to own it.")
        var owner: String?
        @OptionGroup var connection: ConnectionOptions

        func execute(_ context: CommandContext) async throws {
            _ = try await context.client.json(APIRequest(.post, ["api", "namespaces"], body: ["name": .string(name)]))
            try Console.line("namespace/\(name) created")
            if let owner { try await Membership(client: context.client).add(owner, "owner", name) }
        }
    }

    struct List: ServerCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the caller's namespaces with its role in each.")

        @Option(name: .shortAndLong, help: "table, json, yaml or name.")
        var output = OutputFormat.table
        @OptionGroup var connection: ConnectionOptions

        func execute(_ context: CommandContext) async throws {
            let list = try await context.client.json(APIRequest(["api", "namespaces"]))
            try NativeList(singular: "namespace", id: "name", titles: ["NAME", "ROLE"]) { [$0["name"]?.stringValue ?? "", $0["role"]?.stringValue ?? ""] }
                .show(list["namespaces"]?.arrayValue ?? [], output)
        }
    }

    struct Members: ServerCommand {
        static let configuration = CommandConfiguration(commandName: "members", abstract: "List who has a role in a namespace.")

        @Argument(help: "Default the caller's home.")
        var name: String?
        @Option(name: .shortAndLong, help: "table, json, yaml or name.")
        var output = OutputFormat.table
        @OptionGroup var connection: ConnectionOptions

        func execute(_ context: CommandContext) async throws {
            let list = try await context.client.json(APIRequest(["api", "namespaces", try await context.namespace(name), "members"]))
            try NativeList(singular: "user", id: "user", titles: ["USER", "ROLE"]) { [$0["user"]?.stringValue ?? "", $0["role"]?.stringValue ?? ""] }
                .show(list["members"]?.arrayValue ?? [], output)
        }
    }

    struct AddMember: ServerCommand {
        static let configuration = CommandConfiguration(commandName: "add-member", abstract: "Give a user a role in a namespace, or another one.")

        @Argument(help: "The namespace.") var name: String
        @Argument(help: "The user.") var user: String
        @Option(help: "owner, editor, viewer or predict.") var role = "editor"
        @OptionGroup var connection: ConnectionOptions

        func validate() throws {
            if !NativeDocuments.roles.contains(role) { throw ValidationError("--role is one of \(NativeDocuments.roles.joined(separator: ", ")).") }
        }

        func execute(_ context: CommandContext) async throws { try await Membership(client: context.client).add(user, role, name) }
    }

    struct RemoveMember: ServerCommand {
        static let configuration = CommandConfiguration(commandName: "remove-member", abstract: "Take a user's role in a namespace away.")

        @Argument(help: "The namespace.") var name: String
        @Argument(help: "The user.") var user: String
        @OptionGroup var connection: ConnectionOptions

        func execute(_ context: CommandContext) async throws {
            _ = try await context.client.json(APIRequest(.delete, ["api", "namespaces", name, "members", user]))
            try Console.line("member/\(user) removed from \(name)")
        }
    }
}
