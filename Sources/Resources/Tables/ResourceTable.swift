import Core
import OrderedCollections

/// Writes objects of a kind as the `Table` (meta.k8s.io/v1) that `kubectl get` asks for. Made once for a request: its JSON paths are read here.
public struct ResourceTable: Sendable {
    /// What each row has of its object: the query parameter `includeObject`.
    public enum Include: String, Sendable, CaseIterable {
        case none = "None", metadata = "Metadata", object = "Object"
    }

    private enum Cell: Sendable {
        /// Nil where the path cannot be read: the column's cells are empty.
        case path(JSONPath?, PrinterColumn.ValueType)
        case computed(PrinterColumn.Computed)
    }

    /// What ages are counted to; a watch sets it anew for each event.
    public var now: Timestamp
    private let include: Include
    private let cells: [Cell]
    private let columns: JSON
    private let isPod: Bool

    /// - Parameter include: as the client wrote it; absent and unknown words stand for `Metadata`.
    public init(_ kind: KindDefinition, _ version: KindVersion, include: String?, now: Timestamp) {
        self.now = now
        self.include = include.flatMap(Include.init) ?? .metadata
        isPod = kind.group.isEmpty && kind.kind == "Pod"
        cells = version.columns.map { column in
            switch column.source {
            case .path(let path): .path(try? JSONPath(path), column.type)
            case .computed(let value): .computed(value)
            }
        }
        columns = .array(version.columns.map(Self.definition))
    }

    /// - Parameters:
    ///   - objects: of the kind, in the version that the table was made for.
    ///   - metadata: the list's: resourceVersion, continue, remainingItemCount.
    public func json(_ objects: [JSON], metadata: JSON) -> JSON {
        [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": columns, "rows": .array(objects.map(row)),
        ]
    }

    private func row(_ object: JSON) -> JSON {
        var computed = ComputedCells(object, now: now)
        var row = JSONObject(minimumCapacity: 3)
        row["cells"] = .array(cells.map { cell in
            switch cell {
            case .path(let path, let type): path?.first(in: object).map { PathCell.value($0, type, now: now) } ?? .null
            case .computed(let value): computed.value(value)
            }
        })
        if isPod, let condition = Self.completion(object) { row["conditions"] = [condition] }
        row["object"] = included(object)
        return .object(row)
    }

    private func included(_ object: JSON) -> JSON {
        switch include {
        case .none: .null
        case .metadata: ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] ?? [:]]
        case .object: object
        }
    }

    /// By this `kubectl get --show-all=false` of old tells finished pods.
    private static func completion(_ pod: JSON) -> JSON? {
        switch pod["status"]?["phase"] {
        case "Succeeded": ["type": "Completed", "status": "True", "reason": "Succeeded", "message": "The pod has completed successfully."]
        case "Failed": ["type": "Completed", "status": "True", "reason": "Failed", "message": "The pod failed."]
        default: nil
        }
    }

    private static func definition(_ column: PrinterColumn) -> JSON {
        var description = column.description
        if description.isEmpty, let path = column.jsonPath { description = "The value at the JSON path \(path)" }
        return [
            "name": .string(column.name), "type": .string(column.type.rawValue), "format": .string(column.format),
            "description": .string(description), "priority": .int(Int64(column.priority)),
        ]
    }
}

/// A cell that shows what a path leads to.
enum PathCell {
    /// Null where the value is not of the column's type; a text column shows any value.
    static func value(_ value: JSON, _ type: PrinterColumn.ValueType, now: Timestamp) -> JSON {
        switch (type, value) {
        case (_, .null): .null
        case (.string, .string): value
        case (.string, _): .string(value.text())
        case (.integer, .int), (.number, .int), (.number, .double), (.boolean, .bool): value
        case (.integer, .double(let number)): abs(number) < 9.0e18 ? .int(Int64(number)) : .null
        case (.date, .string(let text)): .string(age(text, now: now) ?? "<invalid>")
        default: .null
        }
    }

    /// How long ago a time was; nil where the text is no time.
    static func age(_ text: String, now: Timestamp) -> String? {
        TimeText.milliseconds(text).map { HumanDuration.text(milliseconds: now.milliseconds - $0) }
    }
}
