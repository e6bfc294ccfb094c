import ArgumentParser
import Core

struct GetCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "List objects, or show some of them.",
        discussion: "KIND is runs, pipelines, experiments, models, or any kind of the resource API by its plural, singular, short name or kind.group.")

    @Argument(help: "KIND, KIND NAME…, KIND,KIND or KIND/NAME…")
    var objects: [String]
    @Option(name: .shortAndLong, help: "Namespace; default the caller's home.")
    var namespace: String?
    @Flag(name: [.customShort("A"), .long], help: "Of all namespaces.")
    var allNamespaces = false
    @Option(name: [.customShort("l"), .long], help: "Labels that objects have: a=b, a!=b, a in (b,c), a, !a.")
    var selector: String?
    @Option(name: .long, help: "Fields that objects have, e.g. metadata.name=x.")
    var fieldSelector: String?
    @Option(name: .shortAndLong, help: "table, wide, json, yaml or name.")
    var output = OutputFormat.table
    @Flag(name: .shortAndLong, help: "Stay and show changes.")
    var watch = false
    @Flag(help: "A column of labels.")
    var showLabels = false
    @Flag(help: "In json and yaml, also who manages which field.")
    var showManagedFields = false
    @Flag(help: "Objects that are not there are no error.")
    var ignoreNotFound = false
    @OptionGroup var connection: ConnectionOptions

    func execute(_ context: CommandContext) async throws {
        let wanted = try ObjectArguments(objects)
        if allNamespaces && namespace != nil { throw MonoflowError(.invalidArgument, "read options", "-A", "and -n contradict each other") }
        if allNamespaces && wanted.selections.contains(where: { !$0.names.isEmpty }) {
            throw MonoflowError(.invalidArgument, "read options", "-A", "cannot be combined with names", hint: "name the namespace with -n")
        }
        var found = FoundObjects()
        for selection in wanted.selections {
            if let kind = NativeKind(word: selection.kind) {
                try await native(context, kind, selection.names, &found)
            } else {
                for kind in try await context.discovery.find(selection.kind) {
                    found.add(ResourceSelection(
                        kind: kind, names: selection.names, namespace: kind.isNamespaced && !allNamespaces ? try await context.namespace(namespace) : nil,
                        labels: selector, fields: fieldSelector))
                }
            }
        }
        let shown = TableColumns(wide: output == .wide, namespace: allNamespaces, labels: showLabels)
        if watch { return try await follow(context, found, shown) }
        if output.isTable { try await tables(context, found, shown) } else { try await documents(context, found) }
    }

    // MARK: Kinds that are not of the resource API

    private func native(_ context: CommandContext, _ kind: NativeKind, _ names: [String], _ found: inout FoundObjects) async throws {
        if selector != nil || fieldSelector != nil {
            throw MonoflowError(.invalidArgument, "read options", kind.rawValue, "have no labels or fields to select by")
        }
        let objects = NativeObjects(client: context.client, kind: kind)
        var rows: [(namespace: String, object: JSON)] = []
        if names.isEmpty {
            for space in try await namespaces(context) { rows += try await objects.list(namespace: space).map { (space, $0) } }
        } else {
            let space = try await context.namespace(namespace)
            for name in names {
                do {
                    rows.append((space, try await objects.find(name, namespace: space)))
                } catch let error as MonoflowError where error.code == .notFound && ignoreNotFound {}
            }
        }
        found.add(kind, rows, isList: names.count != 1)
    }

    private func namespaces(_ context: CommandContext) async throws -> [String] {
        guard allNamespaces else { return [try await context.namespace(namespace)] }
        let list = try await context.client.json(APIRequest(["api", "namespaces"]))
        return (list["namespaces"]?.arrayValue ?? []).filter { $0["role"] != "predict" }.compactMap { $0["name"]?.stringValue }
    }

    // MARK: Showing

    private func tables(_ context: CommandContext, _ found: FoundObjects, _ shown: TableColumns) async throws {
        let isMixed = found.count > 1
        var isFirst = true, count = 0
        for (kind, rows, _) in found.native where !rows.isEmpty {
            try Console.write((isFirst ? "" : "\n") + Self.table(kind, rows, shown, now: context.now))
            (isFirst, count) = (false, count + rows.count)
        }
        for selection in found.resources {
            let reader = ResourceReader(client: context.client, selection: selection, ignoreNotFound: ignoreNotFound)
            var shown = shown
            if isMixed { shown.prefix = selection.kind.label }
            if !selection.kind.isNamespaced { shown.namespace = false }
            let written = try await reader.table(shown) { text in
                try Console.write((isFirst ? "" : "\n") + text)
                isFirst = false
            }
            count += written
        }
        if count == 0 && !ignoreNotFound { Console.note(allNamespaces ? "no objects found" : "no objects found in the namespace") }
    }

    static func table(_ kind: NativeKind, _ rows: [(namespace: String, object: JSON)], _ shown: TableColumns, now: Timestamp) -> String {
        var table = TextTable((shown.namespace ? ["NAMESPACE"] : []) + kind.titles + (shown.wide ? kind.wideTitles : []))
        for (namespace, object) in rows {
            table.add((shown.namespace ? [namespace] : []) + kind.cells(object, now: now) + (shown.wide ? kind.wideCells(object) : []))
        }
        return table.render()
    }

    private func documents(_ context: CommandContext, _ found: FoundObjects) async throws {
        var items: [JSON] = [], names: [String] = [], isList = found.count > 1
        for (kind, rows, isOwnList) in found.native {
            items += rows.map(\.object)
            names += rows.map { "\(kind.singular)/\(kind.id($0.object))" }
            isList = isList || isOwnList
        }
        for selection in found.resources {
            var objects = try await ResourceReader(client: context.client, selection: selection, ignoreNotFound: ignoreNotFound).objects()
            if !showManagedFields { objects = objects.map(Self.withoutManagers) }
            items += objects
            names += objects.map { "\(selection.kind.label)/\($0["metadata"]?["name"]?.stringValue ?? "")" }
            isList = isList || selection.names.count != 1
        }
        if output == .name { return try Console.write(names.map { $0 + "\n" }.joined()) }
        if !isList, items.isEmpty { return }
        let document: JSON = isList ? ["apiVersion": "v1", "kind": "List", "metadata": [:], "items": .array(items)] : items[0]
        try Console.write(try DocumentText.render(document, output))
    }

    private static func withoutManagers(_ object: JSON) -> JSON {
        guard var metadata = object["metadata"]?.objectValue, metadata.removeValue(forKey: "managedFields") != nil else { return object }
        var object = object
        object["metadata"] = .object(metadata)
        return object
    }

    private func follow(_ context: CommandContext, _ found: FoundObjects, _ shown: TableColumns) async throws {
        if let (kind, rows, _) = found.native.first, found.count == 1 {
            guard kind == .runs, rows.count == 1 else {
                throw MonoflowError(.invalidArgument, "read options", "--watch", "of \(kind.rawValue) follows one run only", hint: "monoflow get run/ID -w")
            }
            return try await RunFollower(client: context.client).table(kind.id(rows[0].object), wide: shown.wide)
        }
        guard found.count == 1, let selection = found.resources.first, selection.names.count <= 1 else {
            throw MonoflowError(.invalidArgument, "read options", "--watch", "follows one kind, or one object")
        }
        try await ResourceWatch(client: context.client, selection: selection).show(output, shown)
    }
}

/// What `get` is to show, kind by kind.
struct FoundObjects {
    private(set) var native: [(kind: NativeKind, rows: [(namespace: String, object: JSON)], isList: Bool)] = []
    private(set) var resources: [ResourceSelection] = []

    var count: Int { native.count + resources.count }

    mutating func add(_ kind: NativeKind, _ rows: [(namespace: String, object: JSON)], isList: Bool) { native.append((kind, rows, isList)) }

    /// `KIND/a KIND/b` is one selection of two names.
    mutating func add(_ selection: ResourceSelection) {
        if let last = resources.indices.last, resources[last].kind == selection.kind, !selection.names.isEmpty, !resources[last].names.isEmpty {
            resources[last].names += selection.names
        } else {
            resources.append(selection)
        }
    }
}
