import Core

/// A `Table` of the resource API: the server chooses columns and writes the cells.
struct ServerTable: Sendable {
    static let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

    struct Row: Sendable {
        var cells: [String]
        var namespace: String
        var name: String
        var labels: String
    }

    /// Names with whether they are shown with `-o wide` only.
    var columns: [(name: String, isWide: Bool)]
    var rows: [Row]
    var version: String
    var next: String?

    init(_ document: JSON) {
        columns = (document["columnDefinitions"]?.arrayValue ?? []).map { ($0["name"]?.stringValue ?? "", ($0["priority"]?.intValue ?? 0) > 0) }
        version = document["metadata"]?["resourceVersion"]?.stringValue ?? ""
        next = document["metadata"]?["continue"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        rows = (document["rows"]?.arrayValue ?? []).map { row in
            let metadata = row["object"]?["metadata"]
            return Row(
                cells: (row["cells"]?.arrayValue ?? []).map(Self.cell), namespace: metadata?["namespace"]?.stringValue ?? "",
                name: metadata?["name"]?.stringValue ?? "",
                labels: (metadata?["labels"]?.objectValue ?? [:]).map { "\($0.key)=\($0.value.stringValue ?? "")" }.joined(separator: ","))
        }
    }

    static func cell(_ value: JSON) -> String {
        switch value {
        case .string(let text): text
        case .null: "<none>"
        default: value.text()
        }
    }

    func titles(_ shown: TableColumns) -> [String] {
        (shown.namespace ? ["NAMESPACE"] : []) + columns.filter { shown.wide || !$0.isWide }.map { $0.name.uppercased() } + (shown.labels ? ["LABELS"] : [])
    }

    /// - Parameter columns: those that an earlier answer defined; events of a watch may leave them out.
    func cells(_ row: Row, _ shown: TableColumns, columns: [(name: String, isWide: Bool)]? = nil) -> [String] {
        var cells = zip(row.cells, columns ?? self.columns).filter { shown.wide || !$1.isWide }.map(\.0)
        if let prefix = shown.prefix, !cells.isEmpty { cells[0] = "\(prefix)/\(cells[0])" }
        return (shown.namespace ? [row.namespace] : []) + cells + (shown.labels ? [row.labels.isEmpty ? "<none>" : row.labels] : [])
    }
}

/// Which columns of a table are shown.
struct TableColumns: Sendable {
    var wide = false
    var namespace = false
    var labels = false
    /// Before each name.
    var prefix: String?
}
