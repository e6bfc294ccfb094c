import GRDB

/// Notices commits that added rows to a table.
final class CommitObserver: TransactionObserver {
    private let table: String
    private let notify: @Sendable () -> Void
    /// Touched by the writer's queue only, as GRDB calls observers.
    private var hasChanged = false

    init(table: String, notify: @escaping @Sendable () -> Void) {
        self.table = table
        self.notify = notify
    }

    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool {
        if case .insert(let name) = kind { name == table } else { false }
    }

    func databaseDidChange(with event: DatabaseEvent) {
        hasChanged = true
        // One row is enough to know.
        stopObservingDatabaseChangesUntilNextTransaction()
    }

    func databaseDidCommit(_ db: Database) {
        guard hasChanged else { return }
        hasChanged = false
        notify()
    }

    func databaseDidRollback(_ db: Database) { hasChanged = false }
}
