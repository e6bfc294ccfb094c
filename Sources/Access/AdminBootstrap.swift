import Core
import Database
import GRDB

/// The first way in: the namespace `default`, the user `admin` and a token for it in `DIR/admin-token`.
public enum AdminBootstrap {
    public static let userName = "admin"
    public static let namespace = "default"
    public static let tokenFileName = "admin-token"
    /// In `meta`: the token that was last written to the file.
    private static let metaKey = "admin_token_id"

    public enum Outcome: Sendable, Equatable {
        /// The file holds a token of this database, valid or ended by an admin.
        case kept
        /// The file was missing or of another database: it holds a new token now, and the one before is revoked.
        case written
    }

    /// Runs at each start, before anything is served, over a migrated database.
    /// A crash at any point is made good by the next start: the file's token is committed before the file is written.
    @discardableResult
    public static func run(
        directory: String, database: MetadataDatabase, clock: WallClock, identifiers: IdentifierSource
    ) throws(MonoflowError) -> Outcome {
        let path = directory + "/" + tokenFileName
        let stored = Files.exists(path) ? try Files.read(path, limit: 4096) : []
        let inFile = String(decoding: stored, as: UTF8.self).split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
        let fileHash = Secret.hash(inFile, prefix: Secret.tokenPrefix)
        let text = Secret.make(prefix: Secret.tokenPrefix), hash = Secret.hash(text, prefix: Secret.tokenPrefix) ?? []
        let now = clock.now(), userID = identifiers.next(), tokenID = identifiers.next()
        let outcome = try database.writeBlocking { db in
            if try !AccessStore.namespaceExists(db, namespace) { try AccessStore.insertNamespace(db, namespace, at: now) }
            var admin = try AccessStore.find(db, name: userName)
            if try admin == nil && AccessStore.adminCount(db) == 0 {
                let first = UserRecord(id: userID, name: userName, homeNamespace: namespace, isAdmin: true, roles: [namespace: .owner], createdAt: now)
                try AccessStore.insert(db, first)
                admin = first
            }
            // The admin was removed in favour of another one: there is nobody to write a token for.
            guard let admin, admin.isAdmin else { return Outcome.kept }
            if let fileHash, try TokenStore.find(db, hash: fileHash) != nil { return .kept }
            if let old = try MetaTable.value(db, metaKey) { _ = try TokenStore.revoke(db, id: old, at: now) }
            let record = TokenRecord(id: tokenID, user: userName, name: tokenFileName, createdAt: now)
            try TokenStore.insert(db, record, userID: admin.id, hash: hash)
            try MetaTable.set(db, metaKey, tokenID)
            return .written
        }
        if outcome == .written { try Files.writeAtomically(Array((text + "\n").utf8), to: path) }
        return outcome
    }
}
