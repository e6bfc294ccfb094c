import Core
import OrderedCollections

/// How a strategic merge patch joins two lists.
struct StrategicListMerge {
    private let path: FieldPath
    /// Nil: the list is a set of scalars.
    private let keyField: String?
    private let itemSchema: Schema?
    private var items: [JSON]
    /// Of each item, as it was read or added; nil where it has none.
    private var keys: [JSON?]
    /// Where the first item of each key is.
    private var places: [JSON: Int] = [:]
    /// How many items were there before the patch.
    private var before: Int

    /// - Parameter changes: nil where the patch only orders or takes from the list.
    static func apply(
        _ changes: [JSON]?, to target: inout JSON, _ schema: Schema?, _ path: FieldPath, _ directives: ListDirectives.OfList
    ) throws(MonoflowError) {
        var items = target.takeArray() ?? []
        defer { target = .array(items) }
        if !directives.deleted.isEmpty {
            let deleted = Set(directives.deleted.map(key))
            items.removeAll { deleted.contains(key($0)) }
        }
        guard let schema, schema.patchKey != nil || schema.mergesAsSet else {
            if let changes { items = PatchDirective.removing(from: .array(changes)).arrayValue ?? [] }
            return
        }
        var merge = StrategicListMerge(path, schema, items)
        items = []
        if let changes { try merge.join(changes, directives.order) } else if let order = directives.order { try merge.sort(order) }
        items = merge.items
    }

    private init(_ path: FieldPath, _ schema: Schema, _ items: [JSON]) {
        self.path = path
        keyField = schema.patchKey
        itemSchema = schema.items
        self.items = items
        before = items.count
        keys = []
        index()
    }

    private mutating func index() {
        keys = items.map { item in keyField.map { item[$0].map(Self.key) } ?? Self.key(item) }
        places = [:]
        for (place, key) in keys.enumerated() {
            if let key, places[key] == nil { places[key] = place }
        }
    }

    /// What an item's key is compared by: whole numbers are the same however they are written.
    private static func key(_ value: JSON) -> JSON {
        if case .double = value, let whole = value.intValue { return .int(whole) }
        return value
    }

    /// The key of an item of the patch or of an order. An order may name a scalar itself.
    private func key(of item: JSON, at path: FieldPath) throws(MonoflowError) -> JSON {
        var value = item
        if let keyField {
            guard case .object(let object) = item else { throw StrategicMergePatch.error(path, "an item is an object with \"\(keyField)\", not \(item.kindName)") }
            guard let own = object[keyField] else { throw StrategicMergePatch.error(path.field(keyField), "an item needs the field by which the list is joined") }
            value = own
        }
        switch value {
        case .null, .array, .object: throw StrategicMergePatch.error(path, "\(value.kindName) cannot tell an item from others")
        default: return Self.key(value)
        }
    }

    private mutating func join(_ changes: [JSON], _ order: [JSON]?) throws(MonoflowError) {
        var merged: [(key: JSON, change: JSON)] = []
        var deleted: Set<JSON> = []
        var replaces = false
        for (position, change) in changes.enumerated() {
            let place = path.index(position)
            let directive: PatchDirective = if case .object(let object) = change { try PatchDirective(of: object, at: place) } else { .merge }
            switch directive {
            case .replace:
                guard change.objectValue?.count == 1 else { throw StrategicMergePatch.error(place, "an item that says to replace the list has nothing else") }
                replaces = true
            case .delete where keyField != nil: deleted.insert(try key(of: change, at: place))
            case .merge where keyField != nil && change[PatchDirective.key] != nil && change.objectValue?.count == 1: break
            default: merged.append((try key(of: change, at: place), change))
            }
        }
        if replaces {
            items = []
            before = 0
            index()
        } else if !deleted.isEmpty {
            items = zip(items, keys).filter { $1.map { !deleted.contains($0) } ?? true }.map(\.0)
            before = items.count
            index()
        }
        for (key, change) in merged {
            if let place = places[key] {
                if case .object(let object) = change { try StrategicMergePatch.merge(object, into: &items[place], itemSchema, path.index(place)) }
                continue
            }
            places[key] = items.count
            keys.append(key)
            items.append(.null)
            if case .object(let object) = change {
                try StrategicMergePatch.merge(object, into: &items[items.count - 1], itemSchema, path.index(items.count - 1))
            } else {
                items[items.count - 1] = change
            }
        }
        if let order { try check(merged.map(\.key), follows: order) }
        if let order, !replaces { try sort(order) } else if !replaces { arrange(merged.map(\.key)) }
    }

    /// An order names every item that the patch carries, in the order of the patch.
    private func check(_ carried: [JSON], follows order: [JSON]) throws(MonoflowError) {
        let ranks = try self.ranks(order)
        var last = -1
        for key in carried {
            guard let rank = ranks[key] else { throw StrategicMergePatch.error(path, "the patch has an item \(key.text()) that its order does not name") }
            if rank < last { throw StrategicMergePatch.error(path, "the patch's items are in another order than its order says, at \(key.text())") }
            last = rank
        }
    }

    private func ranks(_ order: [JSON]) throws(MonoflowError) -> [JSON: Int] {
        var ranks: [JSON: Int] = [:]
        for (position, item) in order.enumerated() {
            let key = try key(of: item, at: path.index(position))
            if ranks[key] == nil { ranks[key] = position }
        }
        return ranks
    }

    private mutating func sort(_ order: [JSON]) throws(MonoflowError) { arrange(ranks: try ranks(order), count: order.count) }

    private mutating func arrange(_ named: [JSON]) {
        var ranks: [JSON: Int] = [:]
        for (position, key) in named.enumerated() where ranks[key] == nil { ranks[key] = position }
        arrange(ranks: ranks, count: named.count)
    }

    /// Puts the items that are named into their order and the others, in theirs, among them: each other item comes before the first named one that was
    /// behind it in the list as it was. An item that is new was behind none.
    private mutating func arrange(ranks: [JSON: Int], count: Int) {
        var buckets = [[Int]](repeating: [], count: count)
        var others: [Int] = []
        for place in items.indices {
            if let key = keys[place], let rank = ranks[key] { buckets[rank].append(place) } else { others.append(place) }
        }
        var arranged: [JSON] = []
        arranged.reserveCapacity(items.count)
        var next = 0
        for place in buckets.joined() {
            while place < before, next < others.count, others[next] < place {
                arranged.append(items[others[next]])
                next += 1
            }
            arranged.append(items[place])
        }
        for place in others[next...] { arranged.append(items[place]) }
        items = arranged
    }
}
