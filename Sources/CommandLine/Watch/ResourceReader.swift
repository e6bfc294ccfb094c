import Core

/// Objects of one kind that a command is about.
struct ResourceSelection: Sendable, Equatable {
    var kind: ServedKind
    /// Empty: all.
    var names: [String] = []
    /// Nil: all namespaces, or a kind without.
    var namespace: String?
    var labels: String?
    var fields: String?

    /// - Parameter token: of the page before.
    func list(pageSize: Int? = 500, token: String? = nil, accept: String = "application/json") -> APIRequest {
        var request = APIRequest(
            .get, kind.segments(namespace: namespace),
            query: ["limit": pageSize.map { String($0) }, "continue": token, "labelSelector": labels, "fieldSelector": fields])
        request.accept = accept
        return request
    }

    func object(_ name: String, accept: String = "application/json") -> APIRequest {
        var request = APIRequest(kind.segments(namespace: namespace, name: name))
        request.accept = accept
        return request
    }

    /// Changes after a version. - Parameter name: nil watches all.
    func watch(after version: String, name: String? = nil, accept: String = "application/json") -> APIRequest {
        let fields = name.map { "metadata.name=\($0)" } ?? fields
        var request = APIRequest(
            .get, kind.segments(namespace: namespace),
            query: ["watch": "true", "resourceVersion": version, "allowWatchBookmarks": "true", "labelSelector": labels, "fieldSelector": fields])
        request.accept = accept
        return request
    }
}

/// Reads what a selection selects.
struct ResourceReader: Sendable {
    let client: APIClient
    let selection: ResourceSelection
    var ignoreNotFound = false

    /// Writes the rows, page by page. - Returns: how many.
    func table(_ shown: TableColumns, _ write: (String) throws -> Void) async throws -> Int {
        var text = TextTable(), count = 0, hasTitles = false
        func add(_ table: ServerTable) {
            if !hasTitles && !table.rows.isEmpty { text.add(table.titles(shown)) }
            hasTitles = hasTitles || !table.rows.isEmpty
            for row in table.rows { text.add(table.cells(row, shown)) }
            count += table.rows.count
        }
        if selection.names.isEmpty {
            var token: String?
            repeat {
                let page = ServerTable(try await client.json(selection.list(token: token, accept: ServerTable.accept)))
                add(page)
                token = page.next
            } while token != nil && count < NativeObjects.limit
            if token != nil { Console.note("only the first \(count) are shown") }
        } else {
            for name in selection.names { if let document = try await find(name, ServerTable.accept) { add(ServerTable(document)) } }
        }
        if count > 0 { try write(text.render()) }
        return count
    }

    func objects() async throws -> [JSON] {
        guard selection.names.isEmpty else {
            var found: [JSON] = []
            for name in selection.names { if let object = try await find(name, "application/json") { found.append(object) } }
            return found
        }
        var items: [JSON] = [], token: String?
        repeat {
            let page = try await client.json(selection.list(token: token))
            items += (page["items"]?.arrayValue ?? [])
            token = page["metadata"]?["continue"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        } while token != nil && items.count < NativeObjects.limit
        if token != nil { Console.note("only the first \(items.count) are shown") }
        return items
    }

    private func find(_ name: String, _ accept: String) async throws -> JSON? {
        let request = selection.object(name, accept: accept)
        return ignoreNotFound ? try await client.find(request) : try await client.json(request)
    }
}
