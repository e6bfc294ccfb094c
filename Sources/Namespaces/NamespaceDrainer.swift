import Access
import Core
import Logging
import Resources
import Synchronization

/// Removes what a domain keeps in a namespace that is being deleted: runs, tasks, artifacts, models.
public struct NamespaceDrain: Sendable {
    /// What it removes, as people read it: `runs`.
    public var name: String
    /// Returns when nothing is left. May be called again, after a failure or a restart.
    public var remove: @Sendable (_ namespace: String) async throws -> Void

    public init(_ name: String, remove: @escaping @Sendable (_ namespace: String) async throws -> Void) {
        self.name = name
        self.remove = remove
    }
}

/// Empties namespaces that are being deleted, and removes them. Every step may be done again, so that a crash at any point is made good after the start.
final class NamespaceDrainer: Sendable {
    private static let firstDelay = Duration.milliseconds(50)
    private static let longestDelay = Duration.seconds(5)
    /// Namespaces that are emptied at one time.
    private static let width = 4
    /// These go after all others: members see their namespace until its end, and quotas hold until then.
    private static let last = ["resourcequotas", "limitranges", NamespaceContents.accountKind, RoleBinding.kind]
    private static let page = 200

    private let access: AccessService
    private let resources: ResourceService
    private let drains: [NamespaceDrain]
    private let removed: @Sendable (String) async -> Void
    private let logger: Logger
    private let wishes: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(
        access: AccessService, resources: ResourceService, drains: [NamespaceDrain], logger: Logger, removed: @escaping @Sendable (String) async -> Void
    ) {
        self.access = access
        self.resources = resources
        self.drains = drains
        self.logger = logger
        self.removed = removed
        (wishes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func wake() { signal.yield() }
    func close() { signal.finish() }

    /// Runs until it is closed or cancelled.
    func run() async {
        wake()
        var delay = Self.firstDelay
        for await _ in wishes {
            if await drainAll() {
                delay = Self.firstDelay
                continue
            }
            if Task.isCancelled { return }
            let pause = delay, signal = signal
            Task {
                try? await Task.sleep(for: pause)
                signal.yield()
            }
            delay = min(delay * 2, Self.longestDelay)
        }
    }

    /// - Returns: whether none is left.
    private func drainAll() async -> Bool {
        let names = access.terminatingNamespaces
        return await withTaskGroup { group in
            var waiting = names.makeIterator(), allGone = true
            for name in names.prefix(Self.width) {
                _ = waiting.next()
                group.addTask { await self.attempt(name) }
            }
            while let isGone = await group.next() {
                allGone = allGone && isGone
                if !Task.isCancelled, let name = waiting.next() { group.addTask { await self.attempt(name) } }
            }
            return allGone
        }
    }

    private func attempt(_ name: String) async -> Bool {
        do { return try await drain(name) } catch {
            if !Task.isCancelled { logger.warning("the namespace \(name) was not emptied: \(error)") }
            return false
        }
    }

    /// Does what can be done now.
    /// - Returns: whether the namespace is gone.
    /// - Throws: what a drain threw, after it was written into the namespace's status.
    func drain(_ name: String) async throws -> Bool {
        guard access.isTerminating(name) else { return true }
        // The second round of drains finds what requests that had
        // begun before the deletion have left.
        try await runDrains(name)
        let left = try await removeObjects(name)
        guard left.isEmpty else {
            try await note(name, "NamespaceFinalizersRemaining", "SomeFinalizersRemain", "objects wait for their finalizers: \(left.joined(separator: ", "))")
            return false
        }
        try await runDrains(name)
        try await access.namespaceEmptied(name)
        try await removeProfile(name)
        try await removeNamespace(name)
        guard !access.isTerminating(name) else { return false }
        await removed(name)
        return true
    }

    private func runDrains(_ name: String) async throws {
        for drain in drains {
            do { try await drain.remove(name) } catch {
                let message = MonoflowError.wrap(error, "remove \(drain.name)").description
                try await note(name, "NamespaceDeletionContentFailure", "ContentDeletionFailed", "\(drain.name): \(message)")
                throw error
            }
        }
    }

    /// - Returns: kinds of which objects are left.
    private func removeObjects(_ name: String) async throws -> [String] {
        let kinds = try await resources.snapshot { try ResourceStore.kinds($0, in: name) }
        for kind in kinds where !Self.last.contains(kind) { try await remove(kind, in: name) }
        let left = try await resources.snapshot { try ResourceStore.kinds($0, in: name) }.filter { !Self.last.contains($0) }
        if !left.isEmpty { return left }
        for kind in Self.last { try await remove(kind, in: name) }
        return try await resources.snapshot { try ResourceStore.kinds($0, in: name) }
    }

    private func remove(_ key: String, in namespace: String) async throws {
        guard let definition = resources.kinds.definition(key), let version = definition.storedVersion else {
            throw MonoflowError(.failedPrecondition, "delete namespace", namespace, "there are objects of \(key), a kind that is not served")
        }
        let kind = KindReference(definition, version)
        var query = ResourceQuery(kind: key, namespace: namespace)
        query.limit = Self.page
        while true {
            let page = try await resources.list(kind, query)
            for item in page.items {
                do {
                    _ = try await resources.delete(kind, namespace: namespace, name: item.key.name, DeleteOptions(propagation: .background, uid: item.uid))
                } catch let error as MonoflowError where error.code == .notFound || error.code == .conflict {}
            }
            guard page.hasMore, let last = page.items.last else { return }
            query.after = (last.key.namespace, last.key.name)
        }
    }

    /// The profile goes with its namespace, where the deletion did not begin there.
    private func removeProfile(_ name: String) async throws {
        guard let kind = reference(ProfileRules.kind) else { return }
        do { _ = try await resources.delete(kind, namespace: "", name: name, DeleteOptions(propagation: .background)) } catch let error as MonoflowError
            where error.code == .notFound {}
    }

    private func removeNamespace(_ name: String) async throws {
        guard let kind = reference(NamespaceRules.kind) else { return }
        do {
            _ = try await resources.change(kind, namespace: "", name: name, WriteOptions(manager: "monoflow")) { object in
                var object = object
                let left = object.finalizers.filter { $0 != NamespaceRules.finalizer }
                object.setMetadata("finalizers", left.isEmpty ? nil : .array(left.map { .string($0) }))
                return object
            }
        } catch let error as MonoflowError where error.code == .notFound {}
    }

    /// Says in the namespace's status what its end waits for.
    private func note(_ name: String, _ type: String, _ reason: String, _ message: String) async throws {
        guard let kind = reference(NamespaceRules.kind) else { return }
        let now = resources.now
        _ = try await resources.change(kind, namespace: "", name: name, subresource: .status, WriteOptions(manager: "monoflow")) { object in
            var object = object
            let before = object["status"]?["conditions"]?.arrayValue ?? []
            if before.contains(where: { $0["type"]?.stringValue == type && $0["message"]?.stringValue == message }) { return object }
            let condition: JSON = [
                "type": .string(type), "status": "True", "reason": .string(reason), "message": .string(message), "lastTransitionTime": .string(now.rfc3339()),
            ]
            object["status"] = ["phase": "Terminating", "conditions": .array(before.filter { $0["type"]?.stringValue != type } + [condition])]
            return object
        }
    }

    private func reference(_ key: String) -> KindReference? {
        guard let definition = resources.kinds.definition(key), let version = definition.storedVersion else { return nil }
        return KindReference(definition, version)
    }
}
