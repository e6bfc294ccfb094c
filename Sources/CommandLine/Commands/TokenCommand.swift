import ArgumentParser
import Core

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and end bearer tokens.", subcommands: [Create.self, List.self, Delete.self])

    struct Create: ServerCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a token and print it, as the last line and this once.",
            discussion: """
                Without --user the token is the caller's own. With --user, --role and --namespace a user that is not there yet is made, and a user \
                without a role in the namespace is given this one.
                """)

        @Option(help: "Whose token it is; asks for an administrator's token.")
        var user: String?
        @Option(help: "The most that the token may do: owner, editor, viewer or predict.")
        var role: String?
        @Option(name: .shortAndLong, parsing: .singleValue, help: "Namespace that the token is limited to; may be given several times.")
        var namespace: [String] = []
        @Option(help: "What the token is called in lists.")
        var name = "command line"
        @Option(help: ArgumentHelp("When it ends: a length of time such as 30d, or a time such as 2027-01-31T12:00:00Z.", valueName: "time"))
        var expires: String?
        @Flag(help: "It only reads.")
        var readOnly = false
        @Option(help: "Requests in a minute that are answered.")
        var requestsPerMinute: Int?
        @OptionGroup var connection: ConnectionOptions

        func execute(_ context: CommandContext) async throws {
            let body = try request(now: context.now)
            if let user, let role, !namespace.isEmpty { try await Membership(client: context.client).ensure(user, role, namespaces: namespace) }
            let made = try await context.client.json(APIRequest(.post, user == nil ? ["api", "me", "tokens"] : ["api", "tokens"], body: body))
            guard let token = made["token"]?.stringValue else { throw MonoflowError(.dataLoss, "create token", "", "the answer holds no token") }
            try Console.line("token/\(made["id"]?.stringValue ?? "") created for \(made["user"]?.stringValue ?? "")")
            try Console.line(token)
        }

        /// - Throws: `invalidArgument`.
        func request(now: Timestamp) throws(MonoflowError) -> JSON {
            if let role, !NativeDocuments.roles.contains(role) {
                throw MonoflowError(
                    .invalidArgument, "read options", "--role \(role)", "is unknown", hint: "roles are \(NativeDocuments.roles.joined(separator: ", "))")
            }
            return .make([
                "user": user.map { .string($0) }, "name": .string(name), "namespaces": namespace.isEmpty ? nil : .array(namespace.map { .string($0) }),
                // An owner's token has no lower limit to name.
                "role": role == nil || role == "owner" ? nil : .string(role ?? ""), "read_only": readOnly ? true : nil,
                "expires_at": try expires.map { text throws(MonoflowError) in .string(try Self.end(text, now: now)) },
                "requests_per_minute": requestsPerMinute.map { .int(Int64($0)) },
            ])
        }

        static func end(_ text: String, now: Timestamp) throws(MonoflowError) -> String {
            if let time = Timestamp(rfc3339: text) { return time.rfc3339() }
            return now.advanced(seconds: Double(try Times.seconds(text, of: "--expires"))).rfc3339()
        }
    }

    struct List: ServerCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the caller's tokens, or everybody's.")

        @Flag(name: [.customShort("A"), .long], help: "Everybody's; asks for an administrator's token.")
        var allUsers = false
        @Option(name: .shortAndLong, help: "table, json, yaml or name.")
        var output = OutputFormat.table
        @OptionGroup var connection: ConnectionOptions

        func execute(_ context: CommandContext) async throws {
            let list = try await context.client.json(APIRequest(allUsers ? ["api", "tokens"] : ["api", "me", "tokens"]))
            try NativeList(singular: "token", id: "id", titles: ["ID", "USER", "NAME", "LIMITS", "STATE", "LAST USED"]) { token in
                [
                    token["id"]?.stringValue ?? "", token["user"]?.stringValue ?? "", token["name"]?.stringValue ?? "", Self.limits(token),
                    Self.state(token, now: context.now),
                    token["last_used_at"] == nil ? "never" : Times.age(token["last_used_at"]?.stringValue, now: context.now),
                ]
            }.show(list["tokens"]?.arrayValue ?? [], output)
        }

        static func limits(_ token: JSON) -> String {
            var parts = (token["namespaces"]?.arrayValue ?? []).compactMap(\.stringValue)
            if let role = token["role"]?.stringValue { parts.append(role) }
            if token["read_only"] == true { parts.append("read-only") }
            if let rate = token["requests_per_minute"]?.intValue { parts.append("\(rate)/min") }
            return parts.isEmpty ? "<none>" : parts.joined(separator: ",")
        }

        static func state(_ token: JSON, now: Timestamp) -> String {
            if token["revoked_at"] != nil { return "revoked" }
            guard let end = token["expires_at"]?.stringValue.flatMap(Timestamp.init(rfc3339:)) else { return "valid" }
            return end <= now ? "expired" : "valid for " + Times.length(milliseconds: end.milliseconds - now.milliseconds)
        }
    }

    struct Delete: ServerCommand {
        static let configuration = CommandConfiguration(commandName: "delete", abstract: "End tokens, and the sessions opened with them.")

        @Argument(help: "Ids, as the list shows them.")
        var ids: [String]
        @OptionGroup var connection: ConnectionOptions

        func execute(_ context: CommandContext) async throws {
            let isAdmin = try await context.session()["is_admin"] == true
            for id in ids {
                _ = try await context.client.json(APIRequest(.delete, (isAdmin ? ["api", "tokens"] : ["api", "me", "tokens"]) + [id]))
                try Console.line("token/\(id) deleted")
            }
        }
    }
}
