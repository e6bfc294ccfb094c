import Access
import Core
import Logging
import Resources
import Synchronization

/// Users' namespaces as declared objects: namespaces and their end, profiles, members as role bindings, service accounts, quotas and pod defaults.
public final class NamespaceService: Sendable {
    /// How often what is used is written into quotas.
    private static let usageSeconds = 10

    private let access: AccessService
    private let resources: ResourceService
    private let bindings: BindingProjection
    private let contents: NamespaceContents
    private let publisher: QuotaPublisher
    let drainer: NamespaceDrainer
    private let protected: Set<String>
    /// Who may create which profile.
    public let registration: ProfileRegistration
    private let background = Mutex<[Task<Void, Never>]>([])

    /// - Parameters:
    ///   - protected: namespaces that cannot be deleted.
    ///   - selfRegistration: whether every user may create one profile for itself.
    ///   - drains: who keeps something in namespaces, in the order in which it is to go.
    ///   - usage: what a namespace uses now; nil leaves `status.used` of quotas out.
    ///   - quotaChanged: told of the quota of each namespace at the start, and whenever it changes; of a namespace that is gone nothing is limited.
    public init(
        access: AccessService, resources: ResourceService, logger: Logger, protected: Set<String> = [AdminBootstrap.namespace], selfRegistration: Bool = false,
        drains: [NamespaceDrain] = [], usage: (@Sendable (String) async -> NamespaceUsage)? = nil,
        quotaChanged: @escaping @Sendable (_ namespace: String, EffectiveQuota) async -> Void = { _, _ in }
    ) {
        self.access = access
        self.resources = resources
        self.protected = protected
        bindings = BindingProjection(access: access, resources: resources)
        contents = NamespaceContents(access: access, resources: resources)
        publisher = QuotaPublisher(access: access, resources: resources, logger: logger, quotaChanged: quotaChanged, usage: usage)
        drainer = NamespaceDrainer(access: access, resources: resources, drains: drains, logger: logger) { await quotaChanged($0, EffectiveQuota()) }
        registration = ProfileRegistration(isSelfServed: selfRegistration, resources: resources)
    }

    /// Sets the kinds' rules, and gives namespaces and roles from before there were objects theirs. Before requests are answered.
    public func install() async throws {
        let bindings = bindings, contents = contents, access = access, publisher = publisher, drainer = drainer
        let rules = NamespaceRules(access: access, resources: resources, contents: contents, protected: protected, terminating: { drainer.wake() })
        try await adopt()
        resources.setRules(of: NamespaceRules.kind, rules)
        resources.setRules(of: RoleBinding.kind, RoleBindingRules(access: access, bindings: bindings))
        resources.setRules(of: NamespaceContents.accountKind, ServiceAccountRules(access: access, resources: resources, contents: contents))
        resources.setRules(of: QuotaFields.kind, QuotaRules(bindings: bindings, resources: resources, publisher: publisher))
        resources.setRules(of: QuotaFields.rangeKind, LimitRangeRules(publisher: publisher))
        resources.setRules(of: PodDefaults.kind, PodDefaultRules())
        resources.setRules(of: ProfileRules.kind, ProfileRules(
            access: access, resources: resources, contents: contents, bindings: bindings, protected: protected, quotaChanged: { await publisher.changed($0) }))
        resources.setAdmission { db, key in try access.checkOpen(db, key.namespace) }
        access.setMembershipProjection { db, namespace, subject, role, isForced in
            try bindings.show(db, namespace, subject, role, isForced: isForced)
        }
        await publisher.publishAll()
    }

    /// Begins what runs beside requests: emptying namespaces, also those that an earlier process left, and writing down what is used.
    public func start() {
        background.withLock { tasks in
            tasks.append(Task { [drainer] in await drainer.run() })
            tasks.append(Task { [publisher] in
                while (try? await Task.sleep(for: .seconds(Self.usageSeconds))) != nil { await publisher.refreshAll() }
            })
        }
    }

    /// Ends the work in the background; what is left is done after the next start.
    public func close() async {
        drainer.close()
        let tasks = background.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in tasks {
            task.cancel()
            await task.value
        }
    }

    /// The quota that counts in a namespace now.
    public func quota(of namespace: String) async throws(MonoflowError) -> EffectiveQuota { try await publisher.current(namespace) }

    /// Writes what the namespace uses into its quotas.
    public func usageChanged(_ namespace: String) async { await publisher.changed(namespace) }

    /// The namespace's pod defaults, for `PodDefaults.apply`.
    public func podDefaults(in namespace: String) async throws(MonoflowError) -> [JSON] {
        try await resources.snapshot { [resources] in try resources.documents($0, kind: PodDefaults.kind, namespace: namespace) }
    }

    /// Stores an object for every namespace that has none, with what every namespace begins with, and bindings for the roles that none shows.
    private func adopt() async throws {
        let resources = resources, contents = contents, bindings = bindings, access = access
        for name in access.namespaceNames where !access.isTerminating(name) {
            try await resources.transaction { db in
                try resources.put(db, kind: NamespaceRules.kind, name: name) { before in
                    before ?? ["metadata": ["labels": ["kubernetes.io/metadata.name": .string(name)]], "status": ["phase": "Active"]]
                }
                try contents.ensure(db, name)
                try bindings.showAll(db, name)
            }
        }
        access.membershipChanged()
    }
}
