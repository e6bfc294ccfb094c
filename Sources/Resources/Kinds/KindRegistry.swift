import Core
import Synchronization

/// The kinds that are served now, for many readers; user-defined ones come and go.
public final class KindRegistry: Sendable {
    private struct State {
        var table: KindTable {
            didSet { revision += 1 }
        }
        var revision = 0
        /// The version of the last change of a definition that was heeded, by the kind's key: changes are told in any order.
        var versions: [String: Int64] = [:]
    }
    private let state: Mutex<State>

    public init(_ table: KindTable) { state = Mutex(State(table: table)) }

    /// As it is at this moment.
    public var current: KindTable { state.withLock { $0.table } }

    /// The same with a number that grows with each change.
    public var revised: (table: KindTable, revision: Int) { state.withLock { ($0.table, $0.revision) } }

    public func definition(_ key: String) -> KindDefinition? { state.withLock { $0.table.kind(key: key) } }

    /// Serves a kind as its definition has it, unless a later change of it is known. Where it cannot have its names, it goes on with those that it had.
    /// - Throws: `KindTable.NameConflict`.
    func serve(_ kind: KindDefinition, version: Int64) throws(KindTable.NameConflict) {
        try state.withLock { state throws(KindTable.NameConflict) in
            guard version >= state.versions[kind.key] ?? 0 else { return }
            state.versions[kind.key] = version
            do throws(KindTable.NameConflict) { try state.table.add(kind) } catch {
                guard let former = state.table.kind(key: kind.key), former.origin == kind.origin else { throw error }
                var kept = kind
                kept.singular = former.singular
                kept.shortNames = former.shortNames
                kept.listKind = former.listKind
                try state.table.add(kept)
                throw error
            }
        }
    }

    /// Ends a kind with its definition, unless a later one is known.
    func withdraw(_ key: String, uid: String, version: Int64) {
        state.withLock { state in
            guard version > state.versions[key] ?? 0 else { return }
            state.versions[key] = version
            if state.table.kind(key: key)?.origin == .custom(uid: uid) { state.table.remove(key: key) }
        }
    }
}
