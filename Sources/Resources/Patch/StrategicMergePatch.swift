import Core
import OrderedCollections

/// Kubernetes' strategic merge patch: a merge patch that joins those lists that the schema says how to join, and that may carry directives.
///
/// - Objects are merged member by member; `null` removes.
/// - A list whose schema has a `patchKey` is joined item by item by that field; a list of scalars whose schema says `mergesAsSet` is joined as
///   a set; every other list, and every list of which the schema knows nothing, is replaced.
/// - `$patch: replace` in an object keeps nothing of what was there, `$patch: delete` removes the object or the list's item, `$patch: merge` is
///   what happens anyway. An item `{$patch: replace}` of a list makes the list's other items replace what was there.
/// - `$retainKeys: [a, b]` removes all members but those. `$deleteFromPrimitiveList/x: […]` takes scalars out of the list `x`.
///   `$setElementOrder/x: […]` says the order of the list `x`, of items that the patch does not carry too.
///
/// Directives are never stored. The rules are those of the strategic merge patch document of Kubernetes' API machinery group.
public struct StrategicMergePatch: Sendable {
    private static let operation = "apply strategic merge patch"

    public let patch: JSON

    /// - Throws: `invalidArgument` where the patch is no object.
    public init(_ patch: JSON) throws(MonoflowError) {
        guard case .object = patch else {
            throw MonoflowError(.invalidArgument, Self.operation, "", "a patch is an object, not \(patch.kindName)")
        }
        self.patch = patch
    }

    /// The document with the patch merged into it. Keys that stay keep their order, new ones follow.
    /// - Parameter schema: of the whole document; nil where nothing is known of it.
    /// - Throws: `invalidArgument` that names the place of what is wrong with a directive or with an item's key.
    public func apply(to document: JSON, schema: Schema?) throws(MonoflowError) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        if try PatchDirective(of: changes, at: FieldPath()) == .delete {
            throw Self.error(FieldPath(), "the whole object cannot be removed by a patch")
        }
        var result = document
        try Self.merge(changes, into: &result, schema, FieldPath())
        return result
    }

    static func error(_ path: FieldPath, _ message: String) -> MonoflowError {
        MonoflowError(.invalidArgument, operation, path.description, message)
    }

    /// Merges an object of the patch into what is in its place; what is no object there is replaced.
    static func merge(_ changes: JSONObject, into target: inout JSON, _ schema: Schema?, _ path: FieldPath) throws(MonoflowError) {
        var object = try PatchDirective(of: changes, at: path) == .replace ? [:] : target.takeObject() ?? [:]
        defer { target = .object(object) }
        let lists = try ListDirectives(changes, at: path)
        if let kept = lists.retained {
            for key in changes.keys where !PatchDirective.isDirective(key) && !kept.contains(key) {
                throw error(path.field(key), "the field is patched and \(PatchDirective.retainKeys) does not name it")
            }
            object.removeAll { key, _ in !kept.contains(key) }
        }
        var removed: Set<String> = []
        for (key, change) in changes where !PatchDirective.isDirective(key) {
            if try Self.removes(change, at: path, key) {
                removed.insert(key)
            } else if let place = object.index(forKey: key) {
                try put(change, into: &object.values[place], schema?.field(key), path.field(key), lists.of(key))
            } else {
                var added = JSON.null
                try put(change, into: &added, schema?.field(key), path.field(key), lists.of(key))
                object[key] = added
            }
        }
        // Lists that the patch orders or takes from without having items for them.
        for key in lists.names where changes[key] == nil {
            guard let place = object.index(forKey: key), case .array = object.values[place] else { continue }
            try StrategicListMerge.apply(nil, to: &object.values[place], schema?.field(key), path.field(key), lists.of(key))
        }
        if !removed.isEmpty { object.removeAll { key, _ in removed.contains(key) } }
    }

    private static func put(
        _ change: JSON, into target: inout JSON, _ schema: Schema?, _ path: FieldPath, _ directives: ListDirectives.OfList
    ) throws(MonoflowError) {
        switch change {
        case .object(let changes): try merge(changes, into: &target, schema, path)
        case .array(let items): try StrategicListMerge.apply(items, to: &target, schema, path, directives)
        default: target = change
        }
    }

    private static func removes(_ change: JSON, at path: FieldPath, _ key: String) throws(MonoflowError) -> Bool {
        switch change {
        case .null: true
        case .object(let changes): try PatchDirective(of: changes, at: path.field(key)) == .delete
        default: false
        }
    }
}
