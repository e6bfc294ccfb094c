import Core

/// Shows what is there, then every change, until the command is interrupted.
struct ResourceWatch: Sendable {
    let client: APIClient
    let selection: ResourceSelection

    func show(_ format: OutputFormat, _ shown: TableColumns) async throws {
        let accept = format.isTable ? ServerTable.accept : "application/json"
        var text = TextTable()
        var columns: [(name: String, isWide: Bool)] = []
        var version = ""
        while true {
            if version.isEmpty {
                let document = try await current(accept)
                version = document["metadata"]?["resourceVersion"]?.stringValue ?? "0"
                if format.isTable {
                    let table = ServerTable(document)
                    if columns.isEmpty { text.add(table.titles(shown)) }
                    columns = table.columns
                    for row in table.rows { text.add(table.cells(row, shown)) }
                    try Console.write(text.render())
                } else {
                    for object in document["items"]?.arrayValue ?? [document] { try Console.write(try line(object, format)) }
                }
            }
            version = try await follow(after: version, accept) { _, object in
                guard format.isTable else { return try Console.write(try self.line(object, format)) }
                let table = ServerTable(object)
                for row in table.rows { text.add(table.cells(row, shown, columns: columns)) }
                try Console.write(text.render())
            }
            try await Reconnection.pause()
        }
    }

    /// - Returns: the version to go on from; empty where the server no longer knows what came after it.
    private func follow(after version: String, _ accept: String, _ take: (String, JSON) throws -> Void) async throws -> String {
        var last = version
        do {
            try await client.lines(selection.watch(after: version, name: selection.names.first, accept: accept)) { line in
                let event = try JSONParser.parse(line), object = event["object"] ?? .null, type = event["type"]?.stringValue ?? ""
                if type == "ERROR" { throw ServerFailure(status: Int(object["code"]?.intValue ?? 500), body: object.serialized(), url: "") }
                if let new = object["metadata"]?["resourceVersion"]?.stringValue, !new.isEmpty { last = new }
                if type != "BOOKMARK" { try take(type, object) }
                return true
            }
        } catch let failure as ServerFailure where failure.isExpired {
            return ""
        }
        return last
    }

    private func current(_ accept: String) async throws -> JSON {
        if let name = selection.names.first { return try await client.json(selection.object(name, accept: accept)) }
        return try await client.json(selection.list(pageSize: nil, accept: accept))
    }

    private func line(_ object: JSON, _ format: OutputFormat) throws -> String {
        switch format {
        case .name: "\(selection.kind.label)/\(object["metadata"]?["name"]?.stringValue ?? "")\n"
        case .yaml: "---\n" + (try YAMLText.render(object))
        default: DocumentText.indented(object) + "\n"
        }
    }
}
