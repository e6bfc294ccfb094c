import Core
import Synchronization

/// Callers whose token or session was verified against the database, by the secret's hash.
final class CallerCache: Sendable {
    struct Entry: Sendable {
        var principal: Principal
        var tokenID: String
        /// Of the session: when it ends in any case. Nil for bearer tokens.
        var sessionLimit: Timestamp?
        /// Nil never expires.
        var expiresAt: Timestamp?
        /// When the last use was last written down.
        var touchedAt: Timestamp?
    }

    /// What is to be written down about a use.
    struct Touch: Sendable, Equatable {
        var tokenID: String
        /// The session's new end; nil for bearer tokens.
        var sessionExpiry: Timestamp?
    }

    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        var epoch = 0
    }

    private let capacity: Int
    private let state = Mutex(State())
    init(capacity: Int) { self.capacity = capacity }

    /// Counts the removals. Read it before the database: `insert` refuses what was read before a removal.
    var epoch: Int { state.withLock { $0.epoch } }

    func insert(_ hash: [UInt8], _ entry: Entry, epoch: Int) {
        state.withLock { state in
            guard state.epoch == epoch else { return }
            if state.entries.count >= capacity { state.entries = [:] }
            state.entries[hash] = entry
        }
    }

    /// The caller, unless unknown or expired; and what of this use is to be written down, at most once a minute.
    func find(_ hash: [UInt8], now: Timestamp) -> (principal: Principal, touch: Touch?)? {
        state.withLock { state in
            guard var entry = state.entries[hash] else { return nil }
            if let end = entry.expiresAt, end <= now {
                state.entries[hash] = nil
                return nil
            }
            if let touched = entry.touchedAt, now.milliseconds - touched.milliseconds < AccessLimits.touchMilliseconds {
                return (entry.principal, nil)
            }
            entry.touchedAt = now
            if let limit = entry.sessionLimit {
                entry.expiresAt = min(limit, Timestamp(milliseconds: now.milliseconds + AccessLimits.sessionIdleMilliseconds))
            }
            state.entries[hash] = entry
            return (entry.principal, Touch(tokenID: entry.tokenID, sessionExpiry: entry.sessionLimit == nil ? nil : entry.expiresAt))
        }
    }

    func remove(_ hash: [UInt8]) {
        state.withLock { state in
            state.epoch += 1
            state.entries[hash] = nil
        }
    }

    func removeAll() {
        state.withLock { state in
            state.epoch += 1
            state.entries = [:]
        }
    }
}
