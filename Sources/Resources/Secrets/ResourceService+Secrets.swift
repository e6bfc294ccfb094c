import Core
import Database
import GRDB

// Keys of confidential objects: a new one is made, everything is sealed with it, and the old ones go.
extension ResourceService {
    /// Rows of one transaction.
    private static let resealBatch = 50

    /// Reads the keys, or makes the first one.
    /// - Throws: `failedPrecondition` where the store needs keys that the file does not have.
    static func secretKeys(directory: String, _ kinds: KindTable, _ database: MetadataDatabase) throws(MonoflowError) -> SecretKeys {
        let rows = SealedRows(sealing: DocumentSealing(kinds, keys: nil))
        let keys = try SecretKeys(directory: directory) { () throws(MonoflowError) in try !database.readBlocking(rows.keyIDs).isEmpty }
        let known = keys.ids
        if try database.readBlocking({ try rows.needsKey($0, besides: known) }) {
            throw MonoflowError(
                .failedPrecondition, "read secret keys", directory + "/" + SecretKeys.fileName, "the database holds secrets that were sealed with another key",
                hint: "restore the file from the same backup as the database")
        }
        return keys
    }

    /// The names of the keys, the one that seals last.
    /// - Throws: `failedPrecondition` where the server has none.
    public func secretKeyIDs() throws(MonoflowError) -> [String] { try needSecretKeys().ids }

    /// Makes a key, which seals what is written from now on. What is stored stays as it is until `resealSecrets`.
    /// - Returns: its name.
    public func rotateSecretKeys() throws(MonoflowError) -> String { try needSecretKeys().rotate() }

    /// Seals everything that is stored with the newest key, a few rows at a time beside other work. Versions stay and watchers are not told. Where it is
    /// interrupted it can be run again.
    /// - Returns: how many documents were sealed with another key.
    public func resealSecrets() async throws(MonoflowError) -> Int {
        _ = try needSecretKeys()
        let rows = SealedRows(sealing: sealing)
        var count = 0
        for table in SealedRows.Table.allCases {
            let ids = try await database.read { try rows.ids($0, table) }
            for start in stride(from: 0, to: ids.count, by: Self.resealBatch) {
                let batch = ids[start..<min(start + Self.resealBatch, ids.count)]
                count += try await database.write(lane: .bulk) { try rows.reseal($0, table, batch) }
            }
        }
        return count
    }

    /// Takes the keys out of the file that nothing is sealed with, but for the newest.
    /// - Returns: their names.
    public func dropUnusedSecretKeys() async throws(MonoflowError) -> [String] {
        let keys = try needSecretKeys(), rows = SealedRows(sealing: sealing)
        let old = keys.ids.dropLast()
        // Values are sealed within the transactions of the one writer: after this one none of the old keys seals any more, and what they sealed is
        // committed and seen by the next read.
        try await database.write { _ in }
        let used = try await database.read { try rows.keyIDs($0) }
        let unused = old.filter { !used.contains($0) }
        try keys.drop(Set(unused))
        return unused
    }

    private func needSecretKeys() throws(MonoflowError) -> SecretKeys {
        guard let keys = sealing.keys else { throw MonoflowError(.failedPrecondition, "change secret keys", "", "this server has no secret keys") }
        return keys
    }
}
