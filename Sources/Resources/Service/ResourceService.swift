import Core
import Database
import GRDB
import Logging
import Synchronization

/// Reading, writing and watching of declared objects, as Kubernetes' API has it. Whether the caller may is checked by who calls.
public final class ResourceService: Sendable {
    /// Attempts of a write that names no version, while others write the same object.
    static let attempts = 16

    let database: MetadataDatabase
    let clock: WallClock
    let identifiers: IdentifierSource
    let logger: Logger
    public let kinds: KindRegistry
    public let hub: WatchHub
    /// Asked before a new object is stored, in its transaction.
    struct Admission: Sendable {
        let check: @Sendable (GRDB.Database, ResourceKey) throws -> Void
    }
    let admission = Mutex<Admission?>(nil)
    private let rules: Mutex<[String: any KindRules]>
    let collector: GarbageQueue
    let turns = WriteTurns()
    let sealing: DocumentSealing
    private let background = Mutex<[Task<Void, Never>]>([])

    /// Changes are kept for watchers this long, and this many of them at most.
    static let eventLife: Double = 3_600
    static let eventRows = 200_000
    private static let bookmarkSeconds = 30

    /// - Parameters:
    ///   - builtIn: the kinds that are always there.
    ///   - rules: by the kind's key.
    ///   - keyDirectory: where the keys of confidential objects are kept, the data directory. Nil: such objects can be neither written nor read.
    /// - Throws: `failedPrecondition` where the database holds secrets and their keys are missing, or open to others.
    public init(
        database: MetadataDatabase, builtIn: KindTable, rules: [String: any KindRules] = [:], keyDirectory: String? = nil, clock: WallClock,
        identifiers: IdentifierSource, logger: Logger
    ) throws {
        self.database = database
        self.clock = clock
        self.identifiers = identifiers
        self.logger = logger
        let kinds = KindRegistry(builtIn)
        self.kinds = kinds
        self.rules = Mutex(rules.merging(Self.ownRules) { given, _ in given })
        let keys = try keyDirectory.map { try Self.secretKeys(directory: $0, builtIn, database) }
        let sealing = DocumentSealing(builtIn, keys: keys)
        self.sealing = sealing
        hub = try WatchHub(
            database: database, logger: logger, open: { event throws(MonoflowError) in try sealing.opened(event) },
            selectable: { kind, document in kinds.definition(kind)?.selectable(document) ?? Selectable(labels: .null, fields: [:]) })
        collector = GarbageQueue()
        if kinds.definition(CustomKindRules.kind) != nil {
            let custom = CustomKindRules(kinds: kinds, clock: clock, collector: collector)
            try custom.load(database, logger)
            self.rules.withLock { $0[CustomKindRules.kind] = $0[CustomKindRules.kind] ?? custom }
        }
    }

    /// Begins what runs beside requests: garbage collection, bookmarks for watchers, and the removal of old events.
    public func start() {
        background.withLock { tasks in
            tasks.append(Task { await self.collectGarbage() })
            tasks.append(Task {
                while (try? await Task.sleep(for: .seconds(Self.bookmarkSeconds))) != nil {
                    self.hub.bookmark()
                    await self.trimEvents()
                }
            })
        }
    }

    /// Ends all watches and the work in the background.
    public func close() async {
        collector.close()
        hub.close()
        let tasks = background.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in tasks {
            task.cancel()
            await task.value
        }
    }

    private func trimEvents() async {
        let before = Timestamp(milliseconds: clock.now().milliseconds - Int64(Self.eventLife * 1_000))
        do {
            while try await database.write(lane: .bulk, { try EventLog.trim($0, before: before, rows: Self.eventRows, limit: 1_000) }) == 1_000 {}
        } catch {
            logger.warning("old resource events were not removed: \(error)")
        }
    }

    private static let ownRules: [String: any KindRules] = [CoreKinds.secret.key: SecretRules(), CoreKinds.configMap.key: ConfigMapRules()]

    func rules(of kind: String) -> (any KindRules)? { rules.withLock { $0[kind] } }

    /// Adds the rules of a kind. Before requests are answered.
    public func setRules(of kind: String, _ new: any KindRules) { rules.withLock { $0[kind] = new } }

    public var now: Timestamp { clock.now() }

    // MARK: Reading

    /// The object in the version asked for, as it is stored where that is the stored version.
    /// - Throws: `notFound`.
    public func get(_ kind: KindReference, namespace: String, name: String) async throws(MonoflowError) -> StoredResource {
        let key = kind.definition.key(namespace, name)
        guard let found = try await database.read({ try ResourceStore.find($0, key) }) else { throw Self.missing(kind.definition, name) }
        return try convert(sealing.opened(found), to: kind)
    }

    /// A page of objects with all that they hold, in the version asked for.
    /// - Throws: `expired` for a page of a list that nobody could watch from any more.
    public func list(_ kind: KindReference, _ query: ResourceQuery) async throws(MonoflowError) -> ResourcePage {
        var page = try await database.read { try ResourceStore.list($0, query) }
        if kind.definition.versions.count > 1 || sealing.isSealed(kind.key) {
            for index in page.items.indices { page.items[index] = try convert(sealing.opened(page.items[index]), to: kind) }
        }
        return page
    }

    /// The newest version of the store.
    public func version() async throws(MonoflowError) -> Int64 { try await database.read(ResourceStore.version) }

    // MARK: Inside

    /// Versions of a kind differ in their schema alone (conversion strategy `None`). An object may be stored in any of them: in the one that was the
    /// stored version when it was written.
    func convert(_ resource: StoredResource, to kind: KindReference) -> StoredResource {
        guard let document = VersionedDocument.converting(resource.document, to: kind.apiVersion) else { return resource }
        var resource = resource
        resource.document = document
        return resource
    }

    static func missing(_ definition: KindDefinition, _ name: String) -> MonoflowError {
        MonoflowError(.notFound, "get \(definition.key)", name, "\(definition.key) \"\(name)\" not found")
    }

    static func changed(_ definition: KindDefinition, _ name: String) -> MonoflowError {
        MonoflowError(
            .conflict, "update \(definition.key)", name, "the object has been modified; please apply your changes to the latest version and try again")
    }
}
