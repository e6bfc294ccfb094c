import Artifacts
import Core
import Foundation
import Synchronization

/// A Unix user for each Monoflow namespace, the same one for ever: kept in a file of the data directory.
final class NamespaceUsers: Sendable {
    private struct Table: Codable {
        var next: UInt32 = 1
        var indexes: [String: UInt32] = [:]
    }

    /// Builds environments for everybody, so it is nobody's namespace.
    let builder: FileOwner
    private let path: String
    private let first: UInt32
    private let table: Mutex<Table>

    /// - Parameter first: the lowest user id that may be taken; the host should know none from there on.
    /// - Throws: `dataLoss` where the file cannot be read: guessing would give a namespace another's files.
    init(path: String, first: UInt32) throws(MonoflowError) {
        self.path = path
        self.first = first
        builder = FileOwner(uid: first, gid: first)
        var table = Table()
        if Files.exists(path) {
            let text = String(decoding: try Files.read(path, limit: 16 << 20), as: UTF8.self)
            guard let stored = try? JSONText.decode(Table.self, from: text) else {
                throw MonoflowError(.dataLoss, "read namespace users", path, "the file cannot be read")
            }
            table = stored
        }
        self.table = Mutex(table)
    }

    func user(of namespace: String) throws(MonoflowError) -> FileOwner {
        let index = try table.withLock { table throws(MonoflowError) -> UInt32 in
            if let known = table.indexes[namespace] { return known }
            var changed = table
            changed.indexes[namespace] = table.next
            changed.next += 1
            do { try Files.writeAtomically(Array(try JSONText.encode(changed).utf8), to: path) } catch { throw MonoflowError.wrap(error, "write", path) }
            defer { table = changed }
            return table.next
        }
        return FileOwner(uid: first + index, gid: first + index)
    }
}
