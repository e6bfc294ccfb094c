import Core
import Foundation
import HTTP

/// Documents of `monoflow/v1`, which stand for what the resource API does not hold: users, members, models, and secrets whose values are
/// elsewhere. Profiles are applied as namespaces with an owner where the server does not serve them.
struct NativeDocuments: Sendable {
    static let apiVersion = "monoflow/v1"

    let context: CommandContext
    let objects: DocumentApplier
    /// Those of the same call: they make namespaces which users may need before.
    let profiles: [SourceDocument]
    private var made: Set<String> = []

    init(context: CommandContext, objects: DocumentApplier, profiles: [SourceDocument]) {
        self.context = context
        self.objects = objects
        self.profiles = profiles
    }

    private var client: APIClient { context.client }
    private var isDryRun: Bool { objects.isDryRun }

    mutating func apply(_ document: SourceDocument) async throws -> (label: String, outcome: ApplyOutcome) {
        if document.kind == "Profile", try await context.discovery.kind(apiVersion: document.apiVersion, kind: document.kind) == nil {
            return ("profile/\(document.name)", try await profile(document))
        }
        guard document.apiVersion == Self.apiVersion else { return try await objects.applyObject(document) }
        switch document.kind {
        case "User": return ("user/\(document.name)", try await user(document))
        case "Member":
            let namespace = try await objects.home(document)
            let role = try Self.role(document, "spec.role", document.json["spec"]?["role"])
            return ("member/\(document.name) in \(namespace)", try await member(document.name, role, in: namespace))
        case "SecretReference": return ("secret/\(document.name)", try await secret(document))
        case "Model":
            let upload = ModelUpload(context: context, isDryRun: isDryRun)
            return ("model/\(document.name)", try await upload.apply(document, namespace: try await objects.home(document)))
        default: throw document.error("kind", "is unknown in \(Self.apiVersion)", hint: "it has User, Member, SecretReference and Model")
        }
    }

    // MARK: Users and members

    private mutating func user(_ document: SourceDocument) async throws -> ApplyOutcome {
        let spec = document.json["spec"], isAdmin = spec?["isAdmin"]?.boolValue ?? false
        guard let home = spec?["homeNamespace"]?.stringValue, !home.isEmpty else { throw document.error("spec.homeNamespace", "is missing") }
        let users = try await client.json(APIRequest(["api", "users"]))
        if let found = users["users"]?.arrayValue?.first(where: { $0["name"]?.stringValue == document.name }) {
            guard found["is_admin"]?.boolValue == isAdmin else {
                throw document.error("spec.isAdmin", "the user is there and \(isAdmin ? "no" : "an") administrator, which cannot be changed")
            }
            guard found["home_namespace"]?.stringValue == home else {
                throw document.error(
                    "spec.homeNamespace", "the user is there with the home \(found["home_namespace"]?.stringValue ?? ""), which cannot be changed")
            }
            return .unchanged
        }
        let role = try spec?["role"].map { try Self.role(document, "spec.role", $0) }
        guard isAdmin || role != nil else { throw document.error("spec.role", "is missing: the role in the home namespace") }
        if profiles.contains(where: { $0.name == home }) { _ = try await ensureNamespace(home) }
        if isDryRun { return .created }
        let roles: JSON? = role.map { [["namespace": .string(home), "role": .string($0)]] }
        _ = try await client.json(APIRequest(.post, ["api", "users"], body: .make([
            "name": .string(document.name), "home_namespace": .string(home), "is_admin": .bool(isAdmin), "roles": roles,
        ])))
        return .created
    }

    private func member(_ user: String, _ role: String, in namespace: String) async throws -> ApplyOutcome {
        let list = APIRequest(["api", "namespaces", namespace, "members"])
        // A dry run has not made the namespace.
        let members = isDryRun ? try await client.find(list) ?? [:] : try await client.json(list)
        let before = members["members"]?.arrayValue?.first { $0["user"]?.stringValue == user }?["role"]?.stringValue
        if before == role { return .unchanged }
        if !isDryRun { _ = try await client.json(APIRequest(.put, ["api", "namespaces", namespace, "members", user], body: ["role": .string(role)])) }
        return before == nil ? .created : .configured
    }

    static let roles = ["owner", "editor", "viewer", "predict"]

    private static func role(_ document: SourceDocument, _ field: String, _ value: JSON?) throws(MonoflowError) -> String {
        guard let role = value?.stringValue, roles.contains(role) else { throw document.error(field, "must be one of \(roles.joined(separator: ", "))") }
        return role
    }

    // MARK: Namespaces

    /// - Returns: whether it was made now.
    private mutating func ensureNamespace(_ name: String) async throws -> Bool {
        if made.contains(name) { return true }
        if try await client.find(APIRequest(["api", "v1", "namespaces", name])) != nil { return false }
        if !isDryRun { _ = try await client.json(APIRequest(.post, ["api", "namespaces"], body: ["name": .string(name)])) }
        made.insert(name)
        return true
    }

    /// On a server without the kind.
    private mutating func profile(_ document: SourceDocument) async throws -> ApplyOutcome {
        let isNew = try await ensureNamespace(document.name)
        var outcome = isNew ? ApplyOutcome.created : .unchanged
        if let owner = document.json["spec"]?["owner"]?["name"]?.stringValue {
            let members = try await member(owner, "owner", in: document.name)
            if !isNew && members != .unchanged { outcome = .configured }
        }
        if let quota = document.json["spec"]?["resourceQuotaSpec"], quota != .null, quota != [:] {
            throw document.error("spec.resourceQuotaSpec", "this server does not serve the kind Profile, so there are no quotas; namespace and owner are set")
        }
        return outcome
    }

    // MARK: Secrets

    private func secret(_ document: SourceDocument) async throws -> ApplyOutcome {
        let values = try SecretValues(document, environment: ProcessInfo.processInfo.environment).resolve()
        let namespace = try await objects.home(document)
        guard let kind = try await context.discovery.kind(apiVersion: "v1", kind: "Secret") else {
            throw document.error("kind", "this server does not serve secrets")
        }
        var metadata = document.json["metadata"] ?? [:]
        metadata["namespace"] = .string(namespace)
        let object: JSON = .make([
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": document.json["spec"]?["type"],
            "data": .object(JSONObject(values.map { ($0.key, .string(Data($0.value).base64EncodedString())) }, uniquingKeysWith: { $1 })),
        ])
        return try await objects.apply(object, kind, namespace: namespace, conflictsAt: document)
    }
}
