import Core
import GRDB

/// SQL of rows whose documents hold sealed values. Functions take the transaction that they join.
struct SealedRows: Sendable {
    /// The tables with the column that names a row.
    enum Table: String, CaseIterable, Sendable {
        case resources, events = "resource_events"

        var id: String { self == .resources ? "id" : "version" }
    }

    let sealing: DocumentSealing

    /// The rows of confidential kinds.
    func ids(_ db: GRDB.Database, _ table: Table) throws -> [Int64] {
        try Int64.fetchAll(
            db, sql: "SELECT \(table.id) FROM \(table.rawValue) WHERE kind IN (\(places)) ORDER BY \(table.id)", arguments: kinds)
    }

    /// Seals rows with the newest key; their versions stay, and nobody is told.
    /// - Returns: how many were sealed with another key.
    func reseal(_ db: GRDB.Database, _ table: Table, _ ids: ArraySlice<Int64>) throws -> Int {
        let read = try db.cachedStatement(sql: "SELECT kind, namespace, name, document FROM \(table.rawValue) WHERE \(table.id) = ?")
        let write = try db.cachedStatement(sql: "UPDATE \(table.rawValue) SET document = ? WHERE \(table.id) = ?")
        var count = 0
        for id in ids {
            guard let row = try Row.fetchOne(read, arguments: [id]) else { continue }
            guard let document = try sealing.resealed(try JSONParser.parse(row["document"] as String), Self.key(row)) else { continue }
            try write.execute(arguments: [document.text(), id])
            count += 1
        }
        return count
    }

    /// The keys that something is sealed with.
    func keyIDs(_ db: GRDB.Database) throws -> Set<String> {
        var ids: Set<String> = []
        for table in Table.allCases {
            let rows = try Row.fetchCursor(
                db, sql: "SELECT kind, document FROM \(table.rawValue) WHERE kind IN (\(places))", arguments: kinds)
            while let row = try rows.next() { ids.formUnion(sealing.keyIDs(in: try JSONParser.parse(row["document"] as String), kind: row["kind"])) }
        }
        return ids
    }

    /// Whether objects are sealed with a key that is none of these. Rows that name one of them are passed over unread, so a start costs little.
    func needsKey(_ db: GRDB.Database, besides known: [String]) throws -> Bool {
        let others = known.map { " AND instr(document, '\"\(SealingKey.prefix)\($0):') = 0" }.joined()
        let rows = try Row.fetchCursor(
            db, sql: "SELECT kind, document FROM resources WHERE kind IN (\(places)) AND instr(document, '\"\(SealingKey.prefix)') > 0" + others, arguments: kinds)
        while let row = try rows.next() {
            if !sealing.keyIDs(in: try JSONParser.parse(row["document"] as String), kind: row["kind"]).isSubset(of: known) { return true }
        }
        return false
    }

    private var places: String { Array(repeating: "?", count: sealing.fields.count).joined(separator: ", ") }
    private var kinds: StatementArguments { StatementArguments(sealing.fields.keys.sorted()) }

    private static func key(_ row: Row) -> ResourceKey { ResourceKey(kind: row["kind"], namespace: row["namespace"], name: row["name"]) }
}
