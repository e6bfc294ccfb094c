import Access
import Core
import Logging
import Resources

/// Tells of the quotas that count now, one namespace after the other, each as the store has it then: the last told is the newest.
actor QuotaPublisher {
    private let access: AccessService
    private let resources: ResourceService
    private let quotaChanged: @Sendable (String, EffectiveQuota) async -> Void
    private let usage: (@Sendable (String) async -> NamespaceUsage)?
    private let logger: Logger
    private var tail: Task<Void, Never>?

    init(
        access: AccessService, resources: ResourceService, logger: Logger, quotaChanged: @escaping @Sendable (String, EffectiveQuota) async -> Void,
        usage: (@Sendable (String) async -> NamespaceUsage)?
    ) {
        self.access = access
        self.resources = resources
        self.logger = logger
        self.quotaChanged = quotaChanged
        self.usage = usage
    }

    /// Returns when the quota that counts now was told.
    func changed(_ namespace: String) async {
        let before = tail
        let task = Task {
            await before?.value
            await publish(namespace)
        }
        tail = task
        await task.value
    }

    private func publish(_ namespace: String) async {
        do {
            await quotaChanged(namespace, try await current(namespace))
            try await refresh(namespace)
        } catch {
            logger.warning("the quota of the namespace \(namespace) was not told: \(error)")
        }
    }

    /// Those of every namespace, at the start.
    func publishAll() async {
        for namespace in access.namespaceNames { await changed(namespace) }
    }

    /// Writes what is used into the quotas of all namespaces, where it has changed.
    func refreshAll() async {
        guard usage != nil else { return }
        do {
            let kinds = try await resources.snapshot { try ResourceStore.list($0, ResourceQuery(kind: QuotaFields.kind)).items.map(\.key.namespace) }
            for namespace in Set(kinds).sorted() { try await refresh(namespace) }
        } catch {
            logger.warning("the use of quotas was not written down: \(error)")
        }
    }

    nonisolated func current(_ namespace: String) async throws(MonoflowError) -> EffectiveQuota {
        try await resources.snapshot { [resources] db in
            EffectiveQuota(
                quotas: try resources.documents(db, kind: QuotaFields.kind, namespace: namespace),
                ranges: try resources.documents(db, kind: QuotaFields.rangeKind, namespace: namespace))
        }
    }

    private nonisolated func refresh(_ namespace: String) async throws {
        guard let usage, let definition = resources.kinds.definition(QuotaFields.kind), let version = definition.storedVersion else { return }
        let quotas = try await resources.snapshot { [resources] in try resources.documents($0, kind: QuotaFields.kind, namespace: namespace) }
        if quotas.isEmpty { return }
        let used = await usage(namespace)
        for quota in quotas {
            do {
                _ = try await resources.change(
                    KindReference(definition, version), namespace: namespace, name: quota.name, subresource: .status, WriteOptions(manager: "monoflow")
                ) { object in
                    let hard = object["spec"]?["hard"] ?? [:]
                    var amounts: JSON = [:]
                    for key in (hard.objectValue ?? [:]).keys { amounts[key] = used.text(key).map { .string($0) } }
                    var object = object
                    object["status"] = ["hard": hard, "used": amounts]
                    return object
                }
            } catch let error as MonoflowError where error.code == .notFound {}
        }
    }
}
