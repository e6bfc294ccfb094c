import Core
import OrderedCollections

/// The value of `$patch` in an object of a strategic merge patch.
enum PatchDirective: String {
    case merge, replace, delete

    static let key = "$patch"
    static let retainKeys = "$retainKeys"
    static let orderPrefix = "$setElementOrder/"
    static let deletePrefix = "$deleteFromPrimitiveList/"

    /// `merge` where the object does not say.
    init(of object: JSONObject, at path: FieldPath) throws(MonoflowError) {
        guard let value = object[Self.key] else {
            self = .merge
            return
        }
        guard let directive = value.stringValue.flatMap(PatchDirective.init(rawValue:)) else {
            throw StrategicMergePatch.error(path.field(Self.key), "the directive is one of merge, replace and delete")
        }
        self = directive
    }

    /// Whether a member belongs to the patch and not to the document.
    static func isDirective(_ key: String) -> Bool {
        guard key.utf8.first == UInt8(ascii: "$") else { return false }
        return key == Self.key || key == retainKeys || key.hasPrefix(orderPrefix) || key.hasPrefix(deletePrefix)
    }

    /// A value that is stored as it is, without the directives in it. `null` members stay: only a merge gives them a meaning.
    static func removing(from value: JSON) -> JSON {
        guard isAnywhere(in: value) else { return value }
        switch value {
        case .array(let items): return .array(items.lazy.filter { !isAlone($0) }.map { removing(from: $0) })
        case .object(let object):
            var kept = JSONObject(minimumCapacity: object.count)
            for (key, member) in object where !isDirective(key) { kept[key] = removing(from: member) }
            return .object(kept)
        default: return value
        }
    }

    private static func isAlone(_ value: JSON) -> Bool {
        guard case .object(let object) = value else { return false }
        return object.count == 1 && object[key] != nil
    }

    private static func isAnywhere(in value: JSON) -> Bool {
        switch value {
        case .array(let items): items.contains { isAnywhere(in: $0) }
        case .object(let object): object.contains { isDirective($0.key) || isAnywhere(in: $0.value) }
        default: false
        }
    }
}

/// The directives of one object of a patch that are about its members.
struct ListDirectives {
    /// Those about one list.
    struct OfList {
        /// Keys of items, or the scalars themselves, in the order that is asked for.
        var order: [JSON]?
        var deleted: [JSON] = []
    }

    /// Nil: all members stay.
    private(set) var retained: Set<String>?
    private var lists: OrderedDictionary<String, OfList> = [:]

    init(_ object: JSONObject, at path: FieldPath) throws(MonoflowError) {
        for (key, value) in object where PatchDirective.isDirective(key) && key != PatchDirective.key {
            guard case .array(let items) = value else { throw StrategicMergePatch.error(path.field(key), "the directive is a list, not \(value.kindName)") }
            if key == PatchDirective.retainKeys {
                var names: Set<String> = []
                for item in items {
                    guard case .string(let name) = item else { throw StrategicMergePatch.error(path.field(key), "names of fields are strings, not \(item.kindName)") }
                    names.insert(name)
                }
                retained = names
            } else if key.hasPrefix(PatchDirective.orderPrefix) {
                lists[String(key.dropFirst(PatchDirective.orderPrefix.count)), default: OfList()].order = items
            } else {
                lists[String(key.dropFirst(PatchDirective.deletePrefix.count)), default: OfList()].deleted = items
            }
        }
    }

    var names: OrderedSet<String> { lists.keys }

    func of(_ name: String) -> OfList { lists.isEmpty ? OfList() : lists[name] ?? OfList() }
}
