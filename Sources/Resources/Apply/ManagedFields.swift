import Core
import OrderedCollections

/// Who owns which fields of an object: `metadata.managedFields`.
public struct ManagedFields: Sendable, Equatable {
    public enum Operation: String, Sendable, Hashable { case apply = "Apply", update = "Update" }

    /// What tells entries apart. An applier has one entry whatever version it applies with.
    public struct Owner: Sendable, Hashable {
        public var manager: String
        public var operation: Operation
        public var apiVersion: String
        /// Empty for the main resource.
        public var subresource: String

        public init(_ manager: String, _ operation: Operation, apiVersion: String, subresource: String = "") {
            self.manager = manager
            self.operation = operation
            self.apiVersion = apiVersion
            self.subresource = subresource
        }

        func isSameEntry(as other: Owner) -> Bool {
            manager == other.manager && operation == other.operation && subresource == other.subresource
                && (operation == .apply || apiVersion == other.apiVersion)
        }
    }

    public struct Entry: Sendable, Equatable {
        public var owner: Owner { didSet { written = nil } }
        /// RFC 3339; nil where the entry carries none.
        public var time: String? { didSet { written = nil } }
        public var fields: FieldSet { didSet { written = nil } }
        /// The entry as it was read, while nothing in it has changed.
        fileprivate var written: JSON?

        public init(_ owner: Owner, time: String?, fields: FieldSet) {
            self.owner = owner
            self.time = time
            self.fields = fields
        }

        public static func == (a: Entry, b: Entry) -> Bool { a.owner == b.owner && a.time == b.time && a.fields == b.fields }
    }

    public var entries: [Entry] = []

    public init() {}

    /// The object's entries; none where it has no such field.
    /// - Throws: `MonoflowError.invalidArgument` whose subject is the place in the object.
    public init(of object: JSON) throws(MonoflowError) {
        try self.init(json: object["metadata"]?["managedFields"] ?? .null)
    }

    /// Reads the list; null has no entries. Entries of one owner are joined, empty ones left out.
    public init(json: JSON) throws(MonoflowError) {
        if json.isNull { return }
        guard case .array(let items) = json else { throw Self.error(nil, "expected a list, got \(json.kindName)") }
        for (index, item) in items.enumerated() {
            let entry: Entry
            do { entry = try Entry(json: item) } catch { throw Self.error(index, (error.subject.isEmpty ? "" : error.subject + ": ") + error.message) }
            if entry.fields.isEmpty { continue }
            if let same = entries.firstIndex(where: { $0.owner.isSameEntry(as: entry.owner) }) {
                entries[same].fields = entries[same].fields.union(entry.fields)
            } else {
                entries.append(entry)
            }
        }
    }

    private static func error(_ index: Int?, _ message: String) -> MonoflowError {
        MonoflowError(.invalidArgument, "read managed fields", "metadata.managedFields" + (index.map { "[\($0)]" } ?? ""), message)
    }

    /// The list to store; nil where nobody owns anything. Appliers come first, then by time and name.
    public var json: JSON? {
        let owned = entries.filter { !$0.fields.isEmpty }
        if owned.isEmpty { return nil }
        return .array(owned.sorted(by: Entry.stands).map(\.json))
    }

    public subscript(_ owner: Owner) -> FieldSet {
        entries.first { $0.owner.isSameEntry(as: owner) }?.fields ?? FieldSet()
    }

    /// Sets what the owner's entry holds, at the time of a change.
    mutating func set(_ owner: Owner, _ fields: FieldSet, time: String) {
        if let index = entries.firstIndex(where: { $0.owner.isSameEntry(as: owner) }) {
            entries[index] = Entry(owner, time: time, fields: fields)
        } else if !fields.isEmpty {
            entries.append(Entry(owner, time: time, fields: fields))
        }
        entries.removeAll { $0.fields.isEmpty }
    }

    /// Takes changed and removed fields from everybody but the owner.
    mutating func release(_ difference: DocumentDifference, except owner: Owner) {
        if difference.isEmpty { return }
        for index in entries.indices where !entries[index].owner.isSameEntry(as: owner) {
            let before = entries[index].fields
            let after = before.subtractingTrees(difference.removed).subtractingTrees(difference.modified).subtracting(difference.added)
            if after != before { entries[index].fields = after }
        }
        entries.removeAll { $0.fields.isEmpty }
    }
}

extension ManagedFields.Entry {
    private static func text(_ json: JSON, _ name: String) throws(MonoflowError) -> String? {
        switch json[name] {
        case nil, .null?: nil
        case .string(let text)?: text
        case .some(let other): throw MonoflowError(.invalidArgument, "read managed fields", name, "expected a string, got \(other.kindName)")
        }
    }

    fileprivate init(json: JSON) throws(MonoflowError) {
        func error(_ name: String, _ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "read managed fields", name, message) }
        guard case .object = json else { throw error("", "expected an object, got \(json.kindName)") }
        let name = try Self.text(json, "operation") ?? ""
        guard let operation = ManagedFields.Operation(rawValue: name) else { throw error("operation", "must be \"Apply\" or \"Update\", not \"\(name)\"") }
        let format = try Self.text(json, "fieldsType") ?? ""
        guard format == "FieldsV1" else { throw error("fieldsType", "must be \"FieldsV1\", not \"\(format)\"") }
        guard let apiVersion = try Self.text(json, "apiVersion"), !apiVersion.isEmpty else { throw error("apiVersion", "must not be empty") }
        let manager = try Self.text(json, "manager") ?? "", subresource = try Self.text(json, "subresource") ?? ""
        self.init(
            ManagedFields.Owner(manager, operation, apiVersion: apiVersion, subresource: subresource),
            time: try Self.text(json, "time"), fields: try FieldSet(json: json["fieldsV1"] ?? .object([:]))
        )
        written = json
    }

    fileprivate var json: JSON {
        written ?? .make([
            "manager": .string(owner.manager), "operation": .string(owner.operation.rawValue), "apiVersion": .string(owner.apiVersion),
            "time": time.map { .string($0) }, "fieldsType": "FieldsV1", "fieldsV1": fields.json,
            "subresource": owner.subresource.isEmpty ? JSON?.none : .string(owner.subresource),
        ])
    }

    /// Whether the one stands before the other in the list.
    fileprivate static func stands(_ a: Self, before b: Self) -> Bool {
        if a.owner.operation != b.owner.operation { return a.owner.operation == .apply }
        let left = (a.time ?? "", a.owner.manager, a.owner.apiVersion, a.owner.subresource)
        return left < (b.time ?? "", b.owner.manager, b.owner.apiVersion, b.owner.subresource)
    }
}

extension ManagedFields {
    /// Entries of ordinary writes that an object keeps.
    public static let maximumUpdates = 10
    /// The manager that the oldest of more than so many are joined into, per version.
    public static let ancientManager = "ancient-changes"

    /// Joins the oldest entries of ordinary writes until at most `maximumUpdates` are left, or only joined ones.
    mutating func joinAncient() {
        var count = entries.reduce(0) { $0 + ($1.owner.operation == .update ? 1 : 0) }
        if count <= Self.maximumUpdates { return }
        let oldest = entries.filter { $0.owner.operation == .update && $0.owner.manager != Self.ancientManager }.sorted(by: Entry.stands)
        for entry in oldest where count > Self.maximumUpdates {
            let ancient = Owner(Self.ancientManager, .update, apiVersion: entry.owner.apiVersion)
            entries.removeAll { $0.owner == entry.owner }
            if let index = entries.firstIndex(where: { $0.owner == ancient }) {
                entries[index].fields = entries[index].fields.union(entry.fields)
                entries[index].time = entry.time
                count -= 1
            } else {
                entries.append(Entry(ancient, time: entry.time, fields: entry.fields))
            }
        }
    }
}
