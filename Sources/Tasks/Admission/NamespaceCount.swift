/// How many tasks a namespace has, as a row of a metric whose labels are bounded.
public struct NamespaceCount: Sendable, Equatable {
    /// No namespace has this name: the row of those that have none of their own.
    public static let others = "_others"

    public var namespace: String
    public var waiting: Int
    public var admitted: Int

    /// The namespaces with the most tasks first; ties in alphabetical order.
    static func rows(_ usage: [String: NamespaceUsage], most: Int) -> [NamespaceCount] {
        var rows = usage.map { NamespaceCount(namespace: $0.key, waiting: $0.value.waiting.tasks, admitted: $0.value.held.tasks) }
        rows.sort { ($1.waiting + $1.admitted, $0.namespace) < ($0.waiting + $0.admitted, $1.namespace) }
        guard rows.count > max(1, most) else { return rows }
        var last = NamespaceCount(namespace: others, waiting: 0, admitted: 0)
        for row in rows[(max(1, most) - 1)...] {
            last.waiting += row.waiting
            last.admitted += row.admitted
        }
        return rows[..<(max(1, most) - 1)] + [last]
    }
}
