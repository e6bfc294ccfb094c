import Core
import GRDB

/// SQL of users' identities at providers. Functions take the transaction that they join.
enum IdentityStore {
    struct Row: Equatable {
        var record: IdentityRecord
        var tokenID: String?
        var user: String { record.user }
    }

    private static let selection = "SELECT identities.*, users.name AS user FROM identities JOIN users ON users.id = identities.user_id"

    static func find(_ db: GRDB.Database, issuer: String, subject: String) throws -> Row? {
        try GRDB.Row.fetchOne(db, sql: selection + " WHERE issuer = ? AND subject = ?", arguments: [issuer, subject]).map(row)
    }

    static func list(_ db: GRDB.Database, userID: String) throws -> [Row] {
        try GRDB.Row.fetchAll(db, sql: selection + " WHERE identities.user_id = ? ORDER BY issuer, subject", arguments: [userID]).map(row)
    }

    static func insert(_ db: GRDB.Database, issuer: String, subject: String, userID: String, at now: Timestamp) throws {
        try db.execute(
            sql: "INSERT INTO identities (issuer, subject, user_id, created_at) VALUES (?, ?, ?, ?)",
            arguments: [issuer, subject, userID, now.milliseconds])
    }

    static func touch(_ db: GRDB.Database, issuer: String, subject: String, tokenID: String, at now: Timestamp) throws {
        try db.execute(
            sql: "UPDATE identities SET token_id = ?, last_login_at = ? WHERE issuer = ? AND subject = ?",
            arguments: [tokenID, now.milliseconds, issuer, subject])
    }

    static func delete(_ db: GRDB.Database, issuer: String, subject: String) throws {
        try db.execute(sql: "DELETE FROM identities WHERE issuer = ? AND subject = ?", arguments: [issuer, subject])
    }

    /// - Throws: `invalidArgument`.
    static func check(issuer: String, subject: String) throws(MonoflowError) {
        for (name, text, most) in [("issuer", issuer, 1024), ("subject", subject, 255)] where !(1...most).contains(text.utf8.count) {
            throw MonoflowError(.invalidArgument, "link identity", name, "must have 1 to \(most) bytes")
        }
    }

    private static func row(_ row: GRDB.Row) -> Row {
        let record = IdentityRecord(
            issuer: row["issuer"], subject: row["subject"], user: row["user"], createdAt: Timestamp(milliseconds: row["created_at"]),
            lastLoginAt: (row["last_login_at"] as Int64?).map(Timestamp.init(milliseconds:)))
        return Row(record: record, tokenID: row["token_id"])
    }
}
