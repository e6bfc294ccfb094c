import Core

/// Which fields differ between two versions of a document, as its schema divides them. The order of list items and of keys does not count.
struct DocumentDifference {
    /// Fields that were not there, each with everything below it.
    var added = FieldSet()
    /// The nodes whose value is another one; each stands for everything below it, should its kind have changed.
    var modified = FieldSet()
    /// The topmost nodes that are gone; each stands for everything below it.
    var removed = FieldSet()

    var isEmpty: Bool { added.isEmpty && modified.isEmpty && removed.isEmpty }

    /// - Parameter before: nil where the document is new.
    init(_ before: JSON?, _ after: JSON, _ schema: Schema?, _ scope: FieldScope) {
        self = Self.objects(before?.objectValue ?? [:], after.objectValue ?? [:], schema, depth: 0, .root(scope))
    }

    private init(_ level: Level) {
        added = FieldSet(unordered: level.added)
        modified = FieldSet(unordered: level.modified)
        removed = FieldSet(unordered: level.removed)
    }

    /// What was found among the fields or items of one node.
    private struct Level {
        var added: [FieldSet.Node] = []
        var modified: [FieldSet.Node] = []
        var removed: [FieldSet.Node] = []

        /// Takes over what was found below an element.
        mutating func take(_ element: @autoclosure () -> PathElement, _ inner: DocumentDifference) {
            if inner.isEmpty { return }
            let element = element()
            if !inner.added.isEmpty { added.append(FieldSet.Node(element, isMember: false, below: inner.added)) }
            if !inner.modified.isEmpty { modified.append(FieldSet.Node(element, isMember: false, below: inner.modified)) }
            if !inner.removed.isEmpty { removed.append(FieldSet.Node(element, isMember: false, below: inner.removed)) }
        }
    }

    private static func objects(_ before: JSONObject, _ after: JSONObject, _ schema: Schema?, depth: Int, _ place: DocumentPlace) -> DocumentDifference {
        var level = Level()
        var common = 0
        for (position, (name, value)) in after.elements.enumerated() {
            // Most versions of a document have their keys in the same order, which saves looking them up.
            let isAligned = position < before.count && before.elements[position].key == name
            let old = isAligned ? before.elements[position].value : before[name]
            if old != nil { common += 1 }
            if place.omits(name) { continue }
            let inner = place.below(name)
            let node = place.schema(of: name, in: schema)
            if inner.isMetadata {
                level.take(.field(name), objects(old?.objectValue ?? [:], value.objectValue ?? [:], node, depth: depth + 1, inner))
            } else if let old {
                values(.field(name), old, value, node, depth: depth + 1, into: &level)
            } else {
                level.added.append(FieldSetBuilder.added(.field(name), value, node, depth: depth + 1))
            }
        }
        if common < before.count {
            for (name, _) in before where after[name] == nil && !place.omits(name) && !place.below(name).isMetadata {
                level.removed.append(FieldSet.Node(.field(name), isMember: true))
            }
        }
        return DocumentDifference(level)
    }

    private static func values(
        _ element: @autoclosure () -> PathElement, _ before: JSON, _ after: JSON, _ schema: Schema?, depth: Int, into level: inout Level
    ) {
        switch (Topology(of: before, schema, depth: depth), Topology(of: after, schema, depth: depth)) {
        case (.object(let before), .object(let after)): level.take(element(), objects(before, after, schema, depth: depth, .below))
        case (.keyed(let old, let keys), .keyed(let new, _)): level.take(element(), lists(old, new, keys: keys, schema?.items, depth: depth))
        case (.set(let old), .set(let new)): level.take(element(), lists(old, new, keys: nil, schema?.items, depth: depth))
        case (.leaf, .leaf):
            if before != after && !before.isSame(as: after) { level.modified.append(FieldSet.Node(element(), isMember: true)) }
        default:
            let element = element()
            level.modified.append(FieldSet.Node(element, isMember: true))
            level.added.append(FieldSetBuilder.added(element, after, schema, depth: depth))
        }
    }

    /// - Parameter keys: nil for a set.
    private static func lists(_ before: [JSON], _ after: [JSON], keys: [String]?, _ items: Schema?, depth: Int) -> DocumentDifference {
        if before == after { return DocumentDifference(Level()) }
        let oldElements = Topology.elements(before, keys: keys, items)
        let newElements = Topology.elements(after, keys: keys, items)
        let old = Dictionary(grouping: before.indices) { oldElements[$0] }
        let new = Dictionary(grouping: after.indices) { newElements[$0] }
        var level = Level()
        for (index, element) in newElements.enumerated() {
            guard let copies = new[element], copies[0] == index else { continue }
            guard let formerCopies = old[element] else {
                level.added += copies.map { FieldSetBuilder.added(element, after[$0], items, depth: depth + 1) }
                continue
            }
            if keys == nil { continue }
            if copies.count == 1 && formerCopies.count == 1 {
                values(element, before[formerCopies[0]], after[index], items, depth: depth + 1, into: &level)
            } else if !JSON.array(formerCopies.map { before[$0] }).isSame(as: .array(copies.map { after[$0] })) {
                // Items of equal keys cannot be told apart: they change together.
                level.modified.append(FieldSet.Node(element, isMember: true))
                level.added += copies.map { FieldSetBuilder.added(element, after[$0], items, depth: depth + 1) }
            }
        }
        for (index, element) in oldElements.enumerated() where new[element] == nil && old[element]?.first == index {
            level.removed.append(FieldSet.Node(element, isMember: true))
        }
        return DocumentDifference(level)
    }
}
