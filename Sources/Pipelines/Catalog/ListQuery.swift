import Core
import Foundation
import GRDB

/// A list as KFP's clients ask for it: predicates, order, page. Both API versions are read into this.
public struct ListQuery: Sendable {
    public enum Operation: String, Sendable, CaseIterable {
        case equals = "EQUALS", notEquals = "NOT_EQUALS", greaterThan = "GREATER_THAN", greaterThanEquals = "GREATER_THAN_EQUALS"
        case lessThan = "LESS_THAN", lessThanEquals = "LESS_THAN_EQUALS", isIn = "IN", isSubstring = "IS_SUBSTRING"
    }

    public struct Predicate: Sendable {
        public var key: String
        public var operation: Operation
        /// One value, or several for `isIn`. Times are milliseconds.
        public var values: [JSON]
        public init(key: String, operation: Operation, values: [JSON]) {
            self.key = key
            self.operation = operation
            self.values = values
        }
    }

    public var predicates: [Predicate] = []
    public var sortKey: String?
    public var isDescending = false
    /// 1…`maximumPageSize`.
    public var pageSize = 20
    public var pageToken: String?

    public static let maximumPageSize = 1000
    public init() {}
}

/// One page, the token of the next, and the count over all pages.
public struct Page<Item: Sendable>: Sendable {
    public var items: [Item]
    public var nextToken: String?
    public var total: Int
}

/// The columns of a table by the names that clients use.
struct ListColumns {
    let table: String
    let columns: [String: String]
    /// Those that may be NULL. They are sorted as empty text, after all numbers, since NULL compares with nothing.
    var nullable: Set<String> = []
    let defaultSort: (key: String, isDescending: Bool)

    /// Rows after the token, ordered by the sort column and then by id, so that a page never repeats or skips a row
    /// that stayed; rows added meanwhile may appear.
    func page(_ db: GRDB.Database, _ query: ListQuery, where condition: String, arguments: StatementArguments) throws -> (rows: [Row], next: String?, total: Int) {
        guard query.pageSize >= 1, query.pageSize <= ListQuery.maximumPageSize else {
            throw MonoflowError(.invalidArgument, "list \(table)", "page_size", "must be between 1 and \(ListQuery.maximumPageSize), not \(query.pageSize)")
        }
        let sortKey = query.sortKey ?? defaultSort.key
        let isDescending = query.sortKey == nil ? defaultSort.isDescending : query.isDescending
        let column = try column(sortKey, "sort_by"), sort = nullable.contains(column) ? "IFNULL(\(column), '')" : column
        var clauses = [condition], values = arguments
        for predicate in query.predicates { clauses.append(try clause(predicate, &values)) }
        let total = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \(table) WHERE \(clauses.joined(separator: " AND "))", arguments: values) ?? 0
        if let token = query.pageToken, !token.isEmpty {
            let (last, id) = try Self.read(token)
            let compare = isDescending ? "<" : ">"
            clauses.append("(\(sort), id) \(compare) (?, ?)")
            values += [last, id]
        }
        let direction = isDescending ? "DESC" : "ASC"
        values += [query.pageSize + 1]
        let rows = try Row.fetchAll(
            db, sql: "SELECT *, \(sort) AS sort_value FROM \(table) WHERE \(clauses.joined(separator: " AND ")) ORDER BY \(sort) \(direction), id \(direction) LIMIT ?",
            arguments: values)
        guard rows.count > query.pageSize else { return (rows, nil, total) }
        let page = Array(rows.prefix(query.pageSize))
        return (page, Self.token(page[page.count - 1]), total)
    }

    private func column(_ key: String, _ place: String) throws -> String {
        guard let column = columns[key] else {
            throw MonoflowError(.invalidArgument, "list \(table)", place, "there is no field \"\(key)\"; known: \(columns.keys.sorted().joined(separator: ", "))")
        }
        return column
    }

    private func clause(_ predicate: ListQuery.Predicate, _ values: inout StatementArguments) throws -> String {
        let column = try column(predicate.key, "filter")
        let given: [any DatabaseValueConvertible] = predicate.values.map { value in
            switch value {
            case .int(let number): number
            case .double(let number): number
            case .bool(let flag): flag
            default: Scope.plain(value)
            }
        }
        guard let first = given.first else { throw MonoflowError(.invalidArgument, "list \(table)", "filter on \(predicate.key)", "has no value") }
        switch predicate.operation {
        case .isIn:
            for value in given { values += [value] }
            return "\(column) IN (\(databaseQuestionMarks(count: given.count)))"
        case .isSubstring:
            values += [first]
            // Upstream's database compares without case, and its search boxes count on that.
            return "instr(lower(\(column)), lower(?)) > 0"
        case .equals, .notEquals, .greaterThan, .greaterThanEquals, .lessThan, .lessThanEquals:
            values += [first]
            let symbols: [ListQuery.Operation: String] = [.equals: "=", .notEquals: "<>", .greaterThan: ">", .greaterThanEquals: ">=", .lessThan: "<", .lessThanEquals: "<="]
            return "\(column) \(symbols[predicate.operation] ?? "=") ?"
        }
    }

    private static func token(_ row: Row) -> String {
        let sort: DatabaseValue = row["sort_value"]
        let value: JSON = Int64.fromDatabaseValue(sort).map { .int($0) } ?? String.fromDatabaseValue(sort).map { .string($0) } ?? .null
        return Data(JSON.array([value, .string(row["id"])]).serialized()).base64EncodedString()
    }

    private static func read(_ token: String) throws -> (any DatabaseValueConvertible, String) {
        guard let data = Data(base64Encoded: token), case .array(let parts)? = try? JSONParser.parse(data), parts.count == 2, let id = parts[1].stringValue else {
            throw MonoflowError(.invalidArgument, "list", "page_token", "is none that this server gave")
        }
        return (parts[0].intValue ?? parts[0].stringValue ?? "", id)
    }
}
