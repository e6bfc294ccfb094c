import Core

/// Takes from an object what its applier left out: fields of its last configuration that nobody holds any more.
enum Pruning {
    /// - Parameters:
    ///   - last: what the applier owned before.
    ///   - kept: what it owns now, and what everybody else owns.
    static func pruned(_ value: JSON, last: FieldSet, kept: FieldSet, _ schema: Schema?, depth: Int = 0, _ place: DocumentPlace = .root(.whole)) -> JSON {
        if last.isEmpty { return value }
        switch Topology(of: value, schema, depth: depth) {
        case .object(let object): return .object(fields(object, last, kept, schema, depth: depth, place))
        case .keyed(let items, let keys):
            return .array(items.compactMap { item in
                let element = Topology.element(of: item, keys: keys, schema?.items)
                guard let former = last.node(element) else { return item }
                let now = kept.node(element)
                // An item goes as a whole once nobody holds the item itself: what others changed within it goes along.
                if former.isMember && now?.isMember != true { return nil }
                return pruned(item, last: former.below, kept: now?.below ?? FieldSet(), schema?.items, depth: depth + 1, .below)
            })
        case .set(let items):
            return .array(items.filter { item in
                let element = PathElement.value(item)
                return last.node(element)?.isMember != true || kept.node(element)?.isMember == true
            })
        case .leaf: return value
        }
    }

    private static func fields(_ object: JSONObject, _ last: FieldSet, _ kept: FieldSet, _ schema: Schema?, depth: Int, _ place: DocumentPlace) -> JSONObject {
        var result = object
        for former in last.nodes {
            guard let name = former.element.fieldName, !place.omits(name), let value = object[name] else { continue }
            let now = kept.node(former.element), inner = place.below(name)
            if former.isMember && now == nil && !inner.isMetadata { result[name] = nil; continue }
            if former.below.isEmpty { continue }
            let rest = pruned(value, last: former.below, kept: now?.below ?? FieldSet(), place.schema(of: name, in: schema), depth: depth + 1, inner)
            // What only held the fields that are gone is gone too, unless somebody holds it for itself.
            let isBare = rest.isBareContainer && !value.isBareContainer && now?.isMember != true && !inner.isMetadata
            if isBare { result.removeValue(forKey: name) } else { result[name] = rest }
        }
        return result
    }
}

extension JSON {
    fileprivate var isBareContainer: Bool {
        switch self {
        case .object(let object): object.isEmpty
        case .array(let items): items.isEmpty
        default: false
        }
    }
}
