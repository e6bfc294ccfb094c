import Core

/// The fields that a document has, as its schema divides them. Left out is what nobody owns: the document's identity, what the server keeps
/// of it in its metadata, and what the scope excludes.
public enum FieldSetBuilder {
    /// Which nodes with something below are members themselves.
    enum Marking {
        /// List items and keys of free maps: those that their owner adds and removes as a whole.
        case items
        /// All: whoever creates a node owns it.
        case all
    }

    /// What a manager owns by applying the document: its leaves, and the items of lists and free maps.
    public static func applied(_ document: JSON, _ schema: Schema?, _ scope: FieldScope) -> FieldSet {
        guard case .object(let object) = document else { return FieldSet() }
        return fields(object, schema, depth: 0, .root(scope), .items)
    }

    /// What a manager owns by creating the document otherwise: its leaves and the nodes above them.
    public static func written(_ document: JSON, _ schema: Schema?, _ scope: FieldScope) -> FieldSet {
        guard case .object(let object) = document else { return FieldSet() }
        return fields(object, schema, depth: 0, .root(scope), .all)
    }

    /// The node of a value, itself a member.
    static func added(_ element: PathElement, _ value: JSON, _ schema: Schema?, depth: Int) -> FieldSet.Node {
        node(element, value, schema, depth: depth, .below, .all, isMarked: true)
    }

    private static func fields(_ object: JSONObject, _ schema: Schema?, depth: Int, _ place: DocumentPlace, _ marking: Marking) -> FieldSet {
        var nodes: [FieldSet.Node] = []
        nodes.reserveCapacity(object.count)
        for (name, value) in object where !place.omits(name) {
            let inner = place.below(name)
            let isMarked = !inner.isMetadata && (marking == .all || schema?.fields[name] == nil && !place.isMetadata)
            let node = node(.field(name), value, place.schema(of: name, in: schema), depth: depth + 1, inner, marking, isMarked: isMarked)
            if !node.isEmpty { nodes.append(node) }
        }
        return FieldSet(unordered: nodes)
    }

    private static func node(
        _ element: PathElement, _ value: JSON, _ schema: Schema?, depth: Int, _ place: DocumentPlace, _ marking: Marking, isMarked: Bool
    ) -> FieldSet.Node {
        let below: FieldSet
        switch Topology(of: value, schema, depth: depth) {
        case .object(let object) where !object.isEmpty: below = fields(object, schema, depth: depth, place, marking)
        case .keyed(let items, let keys) where !items.isEmpty:
            below = FieldSet(unordered: items.map { item in
                let element = Topology.element(of: item, keys: keys, schema?.items)
                return node(element, item, schema?.items, depth: depth + 1, .below, marking, isMarked: true)
            })
        case .set(let items) where !items.isEmpty: below = FieldSet(unordered: items.map { FieldSet.Node(.value($0), isMember: true) })
        default: return FieldSet.Node(element, isMember: !place.isMetadata)
        }
        return FieldSet.Node(element, isMember: isMarked, below: below)
    }
}
