import Access
import Core
import Database
import Foundation
import Logging
import Resources
import Synchronization
import Testing

@testable import Namespaces

let tester = WriteOptions(manager: "test")

/// Access, objects and the namespaces' rules over one data directory, without what runs beside requests: tests take its steps themselves.
final class NamespacesFixture: Sendable {
    let directory: String
    let database: MetadataDatabase
    let access: AccessService
    let resources: ResourceService
    let service: NamespaceService
    /// What was told of quotas, the last of each namespace.
    let quotas: Quotas

    init(directory: String? = nil, drains: [NamespaceDrain] = [], selfRegistration: Bool = false, usage: NamespaceUsage? = nil, installs: Bool = true) async throws {
        self.directory = directory ?? NSTemporaryDirectory() + "namespaces-\(UUID().uuidString)"
        database = try MetadataDatabase(directory: self.directory)
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        _ = try Migrator(directory: root.path + "/migrations").migrate(database, now: Timestamp(milliseconds: 0))
        _ = try AdminBootstrap.run(directory: self.directory, database: database, clock: .system, identifiers: .random)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        access = try AccessService(
            database: database, serviceTokens: ServiceTokens(key: try ServerKey.load(directory: self.directory)), clock: .system, identifiers: .random, logger: logger,
            activeTask: { _ in nil })
        resources = try ResourceService(database: database, builtIn: KindTable(), clock: .system, identifiers: .random, logger: logger)
        let quotas = Quotas()
        self.quotas = quotas
        var used: (@Sendable (String) async -> NamespaceUsage)?
        if let usage { used = { _ in usage } }
        service = NamespaceService(
            access: access, resources: resources, logger: logger, selfRegistration: selfRegistration, drains: drains, usage: used
        ) { namespace, quota in quotas.last.withLock { $0[namespace] = quota } }
        if installs { try await service.install() }
    }

    /// Runs a body with a fixture that is closed and removed afterwards.
    static func with(_ fixture: NamespacesFixture? = nil, _ body: (NamespacesFixture) async throws -> Void) async throws {
        let fixture = if let fixture { fixture } else { try await NamespacesFixture() }
        do {
            try await body(fixture)
            await fixture.close()
        } catch {
            await fixture.close()
            throw error
        }
    }

    /// Ends the service, keeps the directory: what a process that was killed leaves is on disk already.
    func stop() async {
        await service.close()
        await resources.close()
        try? await database.close()
    }

    func close() async {
        await stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func user(_ name: String, _ roles: [String: Role] = ["default": .viewer]) async throws {
        _ = try await access.createUser(name: name, homeNamespace: roles.keys.sorted()[0], isAdmin: false, roles: roles)
    }

    func principal(_ name: String, groups: [String] = []) async throws -> Principal { try await access.principal(named: name, groups: groups) }

    // MARK: Objects

    func kind(_ key: String, _ version: String? = nil) throws -> KindReference {
        let definition = try #require(resources.kinds.definition(key))
        return KindReference(definition, try #require(version.map(definition.version) ?? definition.storedVersion))
    }

    @discardableResult
    func create(_ key: String, in namespace: String = "", version: String? = nil, _ text: String) async throws -> JSON {
        let kind = try kind(key, version)
        var body = try JSONParser.parse(text)
        body["apiVersion"] = .string(kind.apiVersion)
        body["kind"] = .string(kind.definition.kind)
        return try await resources.create(kind, namespace: namespace, body, tester).document
    }

    func get(_ key: String, in namespace: String = "", _ name: String) async throws -> JSON? {
        do { return try JSONParser.parse(try await resources.get(try kind(key), namespace: namespace, name: name).document) } catch let error as MonoflowError
            where error.code == .notFound { return nil }
    }

    @discardableResult
    func merge(_ key: String, in namespace: String = "", _ name: String, _ text: String) async throws -> JSON {
        try await resources.patch(try kind(key), namespace: namespace, name: name, .merge(try JSONParser.parse(text)), tester).document
    }

    @discardableResult
    func delete(_ key: String, in namespace: String = "", _ name: String) async throws -> Bool {
        try await resources.delete(try kind(key), namespace: namespace, name: name, DeleteOptions()).isRemoved
    }

    func names(_ key: String, in namespace: String) async throws -> [String] {
        try await resources.list(try kind(key), ResourceQuery(kind: key, namespace: namespace)).items.map(\.key.name)
    }

    @discardableResult
    func profile(_ name: String, owner: String = "ann", ownerKind: String = "User", hard: String = "{}", version: String = "v1") async throws -> JSON {
        try await create("profiles.kubeflow.org", version: version, """
            {"metadata":{"name":"\(name)"},"spec":{"owner":{"kind":"\(ownerKind)","name":"\(owner)"},"resourceQuotaSpec":{"hard":\(hard)}}}
            """)
    }

    @discardableResult
    func binding(_ name: String, in namespace: String, role: String, _ subjects: String) async throws -> JSON {
        try await create(RoleBinding.kind, in: namespace, """
            {"metadata":{"name":"\(name)"},"roleRef":{"kind":"ClusterRole","name":"\(role)"},"subjects":[\(subjects)]}
            """)
    }
}

final class Quotas: Sendable {
    let last = Mutex<[String: EffectiveQuota]>([:])
    subscript(namespace: String) -> EffectiveQuota? { last.withLock { $0[namespace] } }
}

/// The error that the body throws: of ours, or the fields of an invalid object.
func failure(_ body: () async throws -> Void) async -> MonoflowError? {
    do { try await body() } catch let error as InvalidResource {
        return MonoflowError(.failedPrecondition, "validate", "", error.errors.map(\.description).joined(separator: "; "))
    } catch { return error as? MonoflowError }
    return nil
}

func user(_ name: String) -> String { #"{"kind":"User","name":"\#(name)"}"# }
