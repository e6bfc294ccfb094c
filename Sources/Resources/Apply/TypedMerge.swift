import Core

/// Puts an applied configuration over a live object, as the schema divides the two: fields and items that only the live object has stay, and
/// of what both have the configuration's value holds.
enum TypedMerge {
    static func merge(_ live: JSON, _ applied: JSON, _ schema: Schema?, depth: Int = 0, _ place: DocumentPlace = .root(.whole)) -> JSON {
        switch (Topology(of: live, schema, depth: depth), Topology(of: applied, schema, depth: depth)) {
        case (.object(var object), .object(let applied)):
            for (name, value) in applied {
                object[name] = object[name].map { merge($0, value, place.schema(of: name, in: schema), depth: depth + 1, place.below(name)) } ?? value
            }
            return .object(object)
        case (.keyed(let old, let keys), .keyed(let new, _)): return .array(lists(old, new, keys: keys, schema?.items, depth: depth))
        case (.set(let old), .set(let new)): return .array(lists(old, new, keys: nil, schema?.items, depth: depth))
        default: return live.isSame(as: applied) ? live : applied
        }
    }

    /// Items of the configuration keep its order among themselves; items that only the live list has keep theirs, each before the common items
    /// that it stood before, as far as the configuration's order allows.
    private static func lists(_ live: [JSON], _ applied: [JSON], keys: [String]?, _ items: Schema?, depth: Int) -> [JSON] {
        let liveElements = Topology.elements(live, keys: keys, items)
        let appliedElements = Topology.elements(applied, keys: keys, items)
        let inLive = Dictionary(grouping: live.indices) { liveElements[$0] }
        let inApplied = Set(appliedElements)
        var result: [JSON] = []
        result.reserveCapacity(live.count + applied.count)
        var next = 0
        /// The next of the configuration's items that the live list has too.
        var common = appliedElements.firstIndex { inLive[$0] != nil }
        /// Puts the configuration's next item.
        func put() {
            // Live items of equal keys are one item to the configuration, and it takes their place.
            if let copies = inLive[appliedElements[next]], copies.count == 1 {
                result.append(merge(live[copies[0]], applied[next], items, depth: depth + 1, .below))
            } else {
                result.append(applied[next])
            }
            next += 1
        }
        for (index, element) in liveElements.enumerated() {
            if !inApplied.contains(element) { result.append(live[index]); continue }
            guard let upTo = common, appliedElements[upTo] == element else { continue }
            while next <= upTo { put() }
            common = appliedElements[next...].firstIndex { inLive[$0] != nil }
        }
        while next < applied.count { put() }
        return result
    }
}
