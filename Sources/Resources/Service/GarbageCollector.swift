import Core

/// Deletes what a deleted object owned, lets go of owners that waited for that, and removes the objects of kinds whose definitions go. After a restart
/// it finds by itself what was left to do.
extension ResourceService {
    private static let firstDelay = Duration.milliseconds(50)
    private static let longestDelay = Duration.seconds(30)
    private static let page = 1_000

    /// Runs until the service is closed.
    func collectGarbage() async {
        var delay = Self.firstDelay
        for await _ in collector.changes {
            let failed = await collect(collector.take())
            if Task.isCancelled { return }
            guard let failed else {
                delay = Self.firstDelay
                continue
            }
            // Whatever stood in the way, one object must not hold up the others: it is tried again later and later.
            let queue = collector, pause = delay
            Task {
                try? await Task.sleep(for: pause)
                queue.failed(failed)
            }
            delay = min(delay * 2, Self.longestDelay)
        }
    }

    /// - Returns: what could not be done; nil where all was.
    private func collect(_ work: GarbageQueue.Work) async -> GarbageQueue.Work? {
        var failed: GarbageQueue.Work?
        func attempt(_ fail: (inout GarbageQueue.Work) -> Void, _ body: () async throws -> Void) async {
            do { try await body() } catch {
                if Task.isCancelled { return }
                // Somebody changed what was looked at.
                let isRace = (error as? MonoflowError)?.code == .conflict
                logger.log(level: isRace ? .debug : .warning, "garbage collection: \(error)")
                var work = failed ?? GarbageQueue.Work()
                fail(&work)
                failed = work
            }
        }
        for uid in work.uids where !Task.isCancelled { await attempt({ $0.uids.insert(uid) }) { try await collect(uid) } }
        if work.all {
            await attempt({ $0.all = true }) {
                var last = ""
                while true {
                    let after = last, uids = try await database.read { try ResourceStore.unfinished($0, after: after, limit: Self.page) }
                    for uid in uids { await attempt({ $0.all = true }) { try await collect(uid) } }
                    guard let end = uids.last, uids.count == Self.page else { return }
                    last = end
                }
            }
        }
        if work.definitions { await attempt({ $0.definitions = true }) { try await reconcileDefinitions() } }
        return failed
    }

    private func collect(_ uid: String) async throws {
        guard let stored = try await database.read({ try ResourceStore.find($0, uid: uid) }) else { return try await releaseDependents(of: uid) }
        let document = try JSONParser.parse(stored.document)
        guard document.isBeingDeleted else { return }
        let finalizers = document.finalizers
        if finalizers.contains("orphan") {
            try await orphanDependents(of: uid)
            try await remove(finalizer: "orphan", of: stored)
        } else if finalizers.contains("foregroundDeletion") {
            // Those that block tell when they are gone.
            if try await !deleteDependents(of: stored) { try await remove(finalizer: "foregroundDeletion", of: stored) }
        } else if stored.key.kind == CustomKindRules.kind, finalizers.contains(CustomKindRules.finalizer) {
            // So does the last object.
            if try await removeObjects(ofDefinition: stored) { try await remove(finalizer: CustomKindRules.finalizer, of: stored) }
        }
    }

    private func remove(finalizer: String, of stored: StoredResource) async throws {
        try await edit(stored) { $0.setFinalizers($0.finalizers.filter { $0 != finalizer }) }
    }
}
