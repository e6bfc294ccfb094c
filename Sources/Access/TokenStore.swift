import Core
import Foundation
import GRDB

/// SQL of tokens and sessions. Functions take the transaction that they join; secrets come as hashes.
enum TokenStore {
    struct Session: Equatable {
        var tokenID: String
        var createdAt: Timestamp
        var expiresAt: Timestamp
        /// When it ends whatever its use; nil: only by the general limits.
        var endsAt: Timestamp?
        /// What the identity provider said at the login; nil where a token opened it.
        var groups: [String]?
        var isAdmin = false

        /// The token's caller with what the login added.
        func principal(_ caller: Principal) -> Principal {
            var caller = caller
            if isAdmin { caller.isAdmin = true }
            return caller
        }
    }

    private static let selection = "SELECT tokens.*, users.name AS user FROM tokens JOIN users ON users.id = tokens.user_id"

    static func insert(_ db: GRDB.Database, _ token: TokenRecord, userID: String, hash: [UInt8]) throws {
        try db.execute(
            sql: """
                INSERT INTO tokens (id, hash, user_id, name, created_at, expires_at, namespaces, role, read_only, requests_per_minute)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                token.id, Data(hash), userID, token.name, token.createdAt.milliseconds, token.expiresAt?.milliseconds,
                token.scope.namespaces.map(names), token.scope.role?.rawValue, token.scope.isReadOnly, token.requestsPerMinute,
            ])
    }

    static func find(_ db: GRDB.Database, hash: [UInt8]) throws -> TokenRecord? {
        try Row.fetchOne(db, sql: selection + " WHERE tokens.hash = ?", arguments: [Data(hash)]).map(record)
    }

    /// Newest first; revoked ones too.
    static func list(_ db: GRDB.Database, userID: String) throws -> [TokenRecord] {
        try Row.fetchAll(db, sql: selection + " WHERE tokens.user_id = ? ORDER BY tokens.created_at DESC, tokens.id", arguments: [userID]).map(record)
    }

    /// Those that are neither revoked nor expired.
    static func liveCount(_ db: GRDB.Database, userID: String, at now: Timestamp) throws -> Int {
        try Int.fetchOne(
            db, sql: "SELECT COUNT(*) FROM tokens WHERE user_id = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
            arguments: [userID, now.milliseconds]) ?? 0
    }

    static func find(_ db: GRDB.Database, id: String) throws -> TokenRecord? {
        try Row.fetchOne(db, sql: selection + " WHERE tokens.id = ?", arguments: [id]).map(record)
    }

    /// Newest first; revoked ones too.
    static func list(_ db: GRDB.Database) throws -> [TokenRecord] {
        try Row.fetchAll(db, sql: selection + " ORDER BY tokens.created_at DESC, tokens.id").map(record)
    }

    /// Ends the token and its sessions. - Returns: false where there is no such token; a revoked one keeps its time.
    static func revoke(_ db: GRDB.Database, id: String, at now: Timestamp) throws -> Bool {
        try db.execute(sql: "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", arguments: [now.milliseconds, id])
        let found = db.changesCount > 0
        try db.execute(sql: "DELETE FROM sessions WHERE token_id = ?", arguments: [id])
        return found
    }

    /// Takes the namespace out of what tokens are limited to. A token with nothing left is revoked, not widened.
    static func removeNamespace(_ db: GRDB.Database, _ namespace: String, at now: Timestamp) throws {
        for row in try Row.fetchAll(db, sql: "SELECT id, namespaces FROM tokens WHERE namespaces LIKE ?", arguments: ["%\"\(namespace)\"%"]) {
            let id: String = row["id"]
            let left = try JSONParser.parse(row["namespaces"] as String).arrayValue?.filter { $0.stringValue != namespace } ?? []
            if left.isEmpty {
                _ = try revoke(db, id: id, at: now)
            } else {
                try db.execute(sql: "UPDATE tokens SET namespaces = ? WHERE id = ?", arguments: [JSON.array(left).text(), id])
            }
        }
    }

    static func touch(_ db: GRDB.Database, id: String, at now: Timestamp) throws {
        try db.execute(
            sql: "UPDATE tokens SET last_used_at = ?1 WHERE id = ?2 AND coalesce(last_used_at, 0) < ?1", arguments: [now.milliseconds, id])
    }

    static func insertSession(_ db: GRDB.Database, _ session: Session, hash: [UInt8]) throws {
        try db.execute(sql: "DELETE FROM sessions WHERE expires_at <= ?", arguments: [session.createdAt.milliseconds])
        try db.execute(
            sql: """
                DELETE FROM sessions WHERE hash IN (
                    SELECT hash FROM sessions WHERE token_id = ? ORDER BY created_at DESC, hash LIMIT -1 OFFSET ?)
                """, arguments: [session.tokenID, AccessLimits.sessionsPerToken - 1])
        try db.execute(
            sql: "INSERT INTO sessions (hash, token_id, created_at, expires_at, ends_at, groups, is_admin) VALUES (?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                Data(hash), session.tokenID, session.createdAt.milliseconds, session.expiresAt.milliseconds, session.endsAt?.milliseconds,
                session.groups.map { JSON.array($0.map { .string($0) }).text() }, session.isAdmin,
            ])
    }

    static func findSession(_ db: GRDB.Database, hash: [UInt8]) throws -> Session? {
        try Row.fetchOne(db, sql: "SELECT * FROM sessions WHERE hash = ?", arguments: [Data(hash)]).map { row in
            Session(
                tokenID: row["token_id"], createdAt: Timestamp(milliseconds: row["created_at"]),
                expiresAt: Timestamp(milliseconds: row["expires_at"]), endsAt: (row["ends_at"] as Int64?).map(Timestamp.init(milliseconds:)),
                groups: try (row["groups"] as String?).map { try JSONParser.parse($0).arrayValue?.compactMap(\.stringValue) ?? [] }, isAdmin: row["is_admin"])
        }
    }

    static func extendSession(_ db: GRDB.Database, hash: [UInt8], to expiry: Timestamp) throws {
        try db.execute(sql: "UPDATE sessions SET expires_at = max(expires_at, ?) WHERE hash = ?", arguments: [expiry.milliseconds, Data(hash)])
    }

    static func deleteSession(_ db: GRDB.Database, hash: [UInt8]) throws {
        try db.execute(sql: "DELETE FROM sessions WHERE hash = ?", arguments: [Data(hash)])
    }

    private static func record(_ row: Row) throws -> TokenRecord {
        TokenRecord(
            id: row["id"], user: row["user"], name: row["name"], createdAt: Timestamp(milliseconds: row["created_at"]),
            expiresAt: (row["expires_at"] as Int64?).map(Timestamp.init(milliseconds:)),
            revokedAt: (row["revoked_at"] as Int64?).map(Timestamp.init(milliseconds:)),
            lastUsedAt: (row["last_used_at"] as Int64?).map(Timestamp.init(milliseconds:)), scope: try scope(row),
            requestsPerMinute: row["requests_per_minute"])
    }

    /// What cannot be read must not widen the token.
    private static func scope(_ row: Row) throws -> TokenScope {
        var scope = TokenScope(isReadOnly: row["read_only"])
        if let text = row["namespaces"] as String? {
            guard let names = try JSONParser.parse(text).arrayValue?.map(\.stringValue), !names.contains(nil) else { throw damaged(row, "namespaces") }
            scope.namespaces = Set(names.compactMap { $0 })
        }
        if let text = row["role"] as String? {
            guard let role = Role(rawValue: text) else { throw damaged(row, "role") }
            scope.role = role
        }
        return scope
    }

    private static func damaged(_ row: Row, _ column: String) -> MonoflowError {
        MonoflowError(.dataLoss, "read token", row["id"], "its \(column) cannot be read", hint: "revoke it")
    }

    private static func names(_ namespaces: Set<String>) -> String {
        String(decoding: JSON.array(namespaces.sorted().map { .string($0) }).serialized(), as: UTF8.self)
    }
}
