import Core
import Foundation
import HTTP
import Pipelines

/// Reads `filter`, `sort_by`, `page_size` and `page_token` of either KFP version.
enum ListQueryReader {
    static func read(_ request: HTTPRequest) throws -> ListQuery {
        var query = ListQuery()
        if let size = try request.integer("page_size"), size != 0 { query.pageSize = size }
        query.pageToken = request.query("page_token")
        if let sort = request.query("sort_by"), !sort.isEmpty {
            let words = sort.split(separator: " ").map(String.init)
            guard words.count == 1 || words.count == 2 && ["asc", "desc"].contains(words[1].lowercased()) else {
                throw MonoflowError(.invalidArgument, "read query", "sort_by", "\"\(sort)\" is not of the form \"FIELD asc\" or \"FIELD desc\"")
            }
            query.sortKey = words[0]
            query.isDescending = words.count == 2 && words[1].lowercased() == "desc"
        }
        if let filter = request.query("filter"), !filter.isEmpty { query.predicates = try predicates(filter) }
        return query
    }

    private static func predicates(_ text: String) throws -> [ListQuery.Predicate] {
        func fail(_ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "read query", "filter", message) }
        let parsed: JSON
        do { parsed = try JSONParser.parse(text) } catch {
            // Clients of kfp 1.8 percent-encode the filter once more.
            guard let decoded = text.removingPercentEncoding, decoded != text, let again = try? JSONParser.parse(decoded) else { throw fail("is not JSON: \(error.message)") }
            parsed = again
        }
        return try (parsed["predicates"]?.arrayValue ?? []).map { item in
            guard let key = item["key"]?.stringValue else { throw fail("a predicate has no key") }
            guard let operation = operation(item["operation"] ?? item["op"] ?? .null) else { throw fail("the predicate on \(key) has no known operation") }
            return ListQuery.Predicate(key: key, operation: operation, values: try values(item, key))
        }
    }

    private static let numbers: [Int64: ListQuery.Operation] = [
        1: .equals, 2: .notEquals, 3: .greaterThan, 5: .greaterThanEquals, 6: .lessThan, 7: .lessThanEquals, 8: .isIn, 9: .isSubstring,
    ]

    private static func operation(_ value: JSON) -> ListQuery.Operation? {
        value.intValue.flatMap { numbers[$0] } ?? value.stringValue.flatMap { ListQuery.Operation(rawValue: $0.uppercased()) }
    }

    private static func values(_ item: JSON, _ key: String) throws -> [JSON] {
        for (snake, camel) in [("string_value", "stringValue"), ("int_value", "intValue"), ("long_value", "longValue")] {
            if let value = item[snake] ?? item[camel] {
                if snake == "string_value" { return [stored(value, key)] }
                guard let number = value.intValue ?? value.stringValue.flatMap(Int64.init) else {
                    throw MonoflowError(.invalidArgument, "read query", "filter on \(key)", "\(value.text()) is not a whole number")
                }
                return [.int(number)]
            }
        }
        if let value = (item["timestamp_value"] ?? item["timestampValue"])?.stringValue {
            guard let time = Timestamp(rfc3339: value) else {
                throw MonoflowError(.invalidArgument, "read query", "filter on \(key)", "\"\(value)\" is not a time such as 2026-01-31T12:00:00Z")
            }
            return [.int(time.milliseconds)]
        }
        for (snake, camel) in [("string_values", "stringValues"), ("int_values", "intValues"), ("long_values", "longValues")] {
            if let list = (item[snake] ?? item[camel])?["values"]?.arrayValue { return list.map { stored($0, key) } }
        }
        throw MonoflowError(.invalidArgument, "read query", "filter on \(key)", "has no value")
    }

    /// States are stored in our own words, which differ from the APIs' by case and prefix only.
    private static func stored(_ value: JSON, _ key: String) -> JSON {
        guard let text = value.stringValue, ["state", "status", "storage_state"].contains(key) else { return value }
        let word = text.lowercased().replacing("storagestate_", with: "")
        return .string(["canceled": "cancelled", "canceling": "running"][word] ?? word)
    }
}
