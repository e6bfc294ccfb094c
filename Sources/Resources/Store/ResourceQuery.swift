import Core
import GRDB

/// What a list asks for, of one kind.
public struct ResourceQuery: Sendable {
    /// Labels that must have one of the values: found by the index.
    public struct LabelRequirement: Sendable, Equatable {
        public var key: String
        public var values: [String]
        public init(key: String, values: [String]) {
            self.key = key
            self.values = values
        }
    }

    public var kind: String
    /// Nil: all namespaces.
    public var namespace: String?
    /// Nil: all names.
    public var name: String?
    public var labels: [LabelRequirement] = []
    /// What the index does not decide; nil keeps all.
    public var matches: (@Sendable (StoredResource) throws -> Bool)?
    /// Most objects of a page; nil: all.
    public var limit: Int?
    /// The object after which the page starts.
    public var after: (namespace: String, name: String)?
    /// The version of the list that the page goes on with, as its first page had it; nil where this is the first.
    public var version: Int64?

    public init(kind: String, namespace: String? = nil) {
        self.kind = kind
        self.namespace = namespace
    }
}

/// A page of objects, by namespace and name.
public struct ResourcePage: Sendable {
    public var items: [StoredResource]
    /// The newest version of the store when the list was begun: a watch from it misses nothing.
    public var version: Int64
    /// How many follow; nil where they are many, or not known without reading them.
    public var remaining: Int?
    public var hasMore: Bool
}

extension ResourceStore {
    /// - Throws: `expired` where the page goes on with a list from whose version nobody could watch any more.
    public static func list(_ db: GRDB.Database, _ query: ResourceQuery) throws -> ResourcePage {
        let now = try version(db)
        if let first = query.version, try first > now || EventLog.start(db) > first {
            throw MonoflowError(
                .expired, "list \(query.kind)", "continue",
                "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.")
        }
        // Few objects with a label are looked up one by one and put in order; else the objects are gone through in their order. A plus keeps SQLite
        // from choosing the other way.
        let few = query.name == nil ? try rare(db, query) : nil
        var conditions = [few == nil ? "resources.kind = ?" : "+resources.kind = ?"], arguments: StatementArguments = [query.kind]
        if let namespace = query.namespace {
            conditions.append("resources.namespace = ?")
            arguments += [namespace]
        }
        if let name = query.name {
            conditions.append("resources.name = ?")
            arguments += [name]
        }
        for (index, requirement) in query.labels.enumerated() {
            conditions.append((index == few ? "" : "+") + "resources.id IN (\(labelled))")
            arguments += labelArguments(query, requirement)
        }
        let all = (conditions, arguments)
        if let after = query.after {
            let (condition, values) = Self.after(after, query)
            conditions.append(condition)
            arguments += values
        }
        // One more than the page tells whether there are more; where rows are filtered here the page is filled as they come.
        var sql = "SELECT * FROM resources WHERE \(conditions.joined(separator: " AND ")) ORDER BY resources.namespace, resources.name"
        if let limit = query.limit, query.matches == nil {
            sql += " LIMIT ?"
            arguments += [limit + 1]
        }
        var items: [StoredResource] = []
        var hasMore = false
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        while let row = try rows.next() {
            let item = record(row)
            if let matches = query.matches, try !matches(item) { continue }
            if items.count == query.limit {
                hasMore = true
                break
            }
            items.append(item)
        }
        var remaining: Int?
        if hasMore, query.matches == nil, query.labels.isEmpty, let last = items.last {
            let (condition, values) = Self.after((last.key.namespace, last.key.name), query)
            let rest = "SELECT 1 FROM resources WHERE \((all.0 + [condition]).joined(separator: " AND "))"
            let count = try Int.fetchOne(
                db.cachedStatement(sql: "SELECT COUNT(*) FROM (\(rest) LIMIT \(maximumRemaining + 1))"), arguments: all.1 + values)
            if let count, count <= maximumRemaining { remaining = count }
        }
        return ResourcePage(items: items, version: query.version ?? now, remaining: remaining, hasMore: hasMore)
    }

    /// What comes after an object in the list's order. With both columns compared at once SQLite would begin at the namespace's first object.
    private static func after(_ last: (namespace: String, name: String), _ query: ResourceQuery) -> (condition: String, values: StatementArguments) {
        guard let namespace = query.namespace else { return ("(resources.namespace, resources.name) > (?, ?)", [last.namespace, last.name]) }
        // A key of another namespace begins after all of this one's objects, or before them.
        if last.namespace != namespace { return (last.namespace > namespace ? "0" : "1", []) }
        return ("resources.name > ?", [last.name])
    }

    /// Objects that are looked up one by one at most.
    private static let maximumFew = 2_000

    /// Counting goes through the index: a page of a large kind would cost more by the count than by its objects.
    static let maximumRemaining = 2_000

    /// The values are one JSON text: the statement, which is kept for the next such list, does not depend on their number.
    private static let labelled = "SELECT resource_id FROM resource_labels WHERE kind = ? AND key = ? AND value IN (SELECT value FROM json_each(?))"

    private static func labelArguments(_ query: ResourceQuery, _ requirement: ResourceQuery.LabelRequirement) -> StatementArguments {
        [query.kind, requirement.key, JSON.array(requirement.values.map { .string($0) }).text()]
    }

    /// The place of the requirement that the fewest objects fulfil, where those are few.
    private static func rare(_ db: GRDB.Database, _ query: ResourceQuery) throws -> Int? {
        var best: (place: Int, count: Int)?
        for (place, requirement) in query.labels.enumerated() {
            let sql = "SELECT COUNT(*) FROM (\(labelled) LIMIT \(maximumFew + 1))"
            let count = try Int.fetchOne(db.cachedStatement(sql: sql), arguments: labelArguments(query, requirement)) ?? 0
            if count <= maximumFew, count < best?.count ?? .max { best = (place, count) }
        }
        return best?.place
    }
}
