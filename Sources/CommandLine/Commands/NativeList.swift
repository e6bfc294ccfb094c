import Core

/// A list of the native routes as a table, document or names.
struct NativeList {
    let singular: String
    /// The member that names an item.
    let id: String
    let titles: [String]
    let cells: (JSON) -> [String]

    func show(_ items: [JSON], _ format: OutputFormat) throws {
        switch format {
        case .table, .wide:
            var table = TextTable(titles)
            for item in items { table.add(cells(item)) }
            try Console.write(table.render())
        case .name: try Console.write(items.map { "\(singular)/\($0[id]?.stringValue ?? "")\n" }.joined())
        case .json, .yaml: try Console.write(try DocumentText.render(.array(items), format))
        }
    }
}
