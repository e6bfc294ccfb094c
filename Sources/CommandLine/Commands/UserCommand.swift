import ArgumentParser
import Core

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Make, list and delete users.", subcommands: [Create.self, List.self, Delete.self])

    struct Create: ServerCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a user with a home namespace, which is made where it is missing.",
            discussion: "Without --home a user owns a namespace of its own name, and an administrator is at home where the caller is.")

        @Argument(help: "Name, as in tokens and audit.")
        var name: String
        @Flag(help: "May do everything everywhere.")
        var admin = false
        @Option(help: "Home namespace.")
        var home: String?
        @Option(help: "Role there: owner, editor, viewer or predict. Default owner of a namespace that is made with the user, else editor.")
        var role: String?
        @OptionGroup var connection: ConnectionOptions

        func validate() throws {
            if let role, !NativeDocuments.roles.contains(role) { throw ValidationError("--role is one of \(NativeDocuments.roles.joined(separator: ", ")).") }
        }

        func execute(_ context: CommandContext) async throws {
            let membership = Membership(client: context.client)
            var home = home ?? ""
            if home.isEmpty { home = admin ? try await context.namespace(nil) : Membership.namespaceName(of: name) }
            guard !home.isEmpty else { throw MonoflowError(.invalidArgument, "create user", name, "gives no namespace a name", hint: "name one with --home") }
            let isNew = try await membership.ensureNamespace(home)
            if isNew { try Console.line("namespace/\(home) created") }
            let role: String? = role ?? (admin ? nil : isNew || self.home == nil ? "owner" : "editor")
            let roles: JSON? = role.map { [["namespace": .string(home), "role": .string($0)]] }
            _ = try await context.client.json(APIRequest(.post, ["api", "users"], body: .make([
                "name": .string(name), "home_namespace": .string(home), "is_admin": .bool(admin), "roles": roles,
            ])))
            try Console.line("user/\(name) created" + (role.map { " as \($0) of \(home)" } ?? " as administrator"))
        }
    }

    struct List: ServerCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List users with their roles.")

        @Option(name: .shortAndLong, help: "table, json, yaml or name.")
        var output = OutputFormat.table
        @OptionGroup var connection: ConnectionOptions

        func execute(_ context: CommandContext) async throws {
            let list = try await context.client.json(APIRequest(["api", "users"]))
            try NativeList(singular: "user", id: "name", titles: ["NAME", "ADMIN", "HOME", "ROLES"]) { user in
                let roles = (user["roles"]?.arrayValue ?? []).map { "\($0["namespace"]?.stringValue ?? ""):\($0["role"]?.stringValue ?? "")" }
                return [
                    user["name"]?.stringValue ?? "", user["is_admin"] == true ? "yes" : "no", user["home_namespace"]?.stringValue ?? "",
                    roles.isEmpty ? "<none>" : roles.joined(separator: ","),
                ]
            }.show(list["users"]?.arrayValue ?? [], output)
        }
    }

    struct Delete: ServerCommand {
        static let configuration = CommandConfiguration(commandName: "delete", abstract: "Delete users with their tokens and sessions; namespaces stay.")

        @Argument(help: "Names.")
        var names: [String]
        @OptionGroup var connection: ConnectionOptions

        func execute(_ context: CommandContext) async throws {
            for name in names {
                _ = try await context.client.json(APIRequest(.delete, ["api", "users", name]))
                try Console.line("user/\(name) deleted")
            }
        }
    }
}
