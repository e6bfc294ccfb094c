import Core
import OrderedCollections
import Testing
@testable import Resources

/// Laws of apply and track over random sequences of writes by several managers. Seeded.
@Suite struct ApplyPropertyTests {
    private static let scalars: [JSON] = ["1", "2", "3"]

    /// A document of the kind with few names and values, so that writers meet.
    private static func document(_ random: inout SeededRandom, _ schema: Schema?, order: Bool = true) throws -> JSON {
        func some(_ chance: Int = 2) -> Bool { Int.random(in: 0..<chance, using: &random) == 0 }
        func scalar() -> JSON { scalars.randomElement(using: &random) ?? "1" }
        func map(_ names: [String]) -> JSON {
            .object(JSONObject(names.filter { _ in some() }.map { ($0, scalar()) }, uniquingKeysWith: { $1 }))
        }
        func list(_ items: [JSON]) -> JSON {
            let chosen = items.filter { _ in some() }
            return .array(order ? chosen.shuffled(using: &random) : chosen)
        }
        var spec: JSONObject = [:]
        if some() { spec["replicas"] = .int(Int64.random(in: 1...3, using: &random)) }
        if some() { spec["limits"] = map(["cpu", "memory"]) }
        if some() { spec["selector"] = map(["app", "tier"]) }
        if some() { spec["zones"] = list(["x", "y", "z"]) }
        if some() { spec["template"] = map(["a", "b"]) }
        if some() { spec["free"] = some(4) ? scalar() : ["q": map(["u", "v"]), "l": list(["1", "2"])] }
        if some() {
            spec["containers"] = list(["a", "b", "c"].map { name in
                var item: JSONObject = ["name": .string(name)]
                if some() { item["image"] = scalar() }
                if some() { item["args"] = list(["1", "2"]) }
                if some(3) { item["ports"] = list([["containerPort": 1], ["containerPort": 1, "protocol": "UDP"], ["containerPort": 2, "name": scalar()]]) }
                return .object(item)
            })
        }
        var document = try Widget.object()
        if some() { document["data"] = map(["k1", "k2", "k3"]) }
        if some(3) { document["metadata"] = ["name": "w", "labels": map(["l1", "l2"])] }
        if !spec.isEmpty { document["spec"] = .object(spec) }
        return document
    }

    /// The value at a path; nil where there is none.
    private static func value(_ path: ArraySlice<PathElement>, in value: JSON, _ schema: Schema?) -> JSON? {
        guard let first = path.first else { return value }
        if let name = first.fieldName {
            let node = name == "metadata" ? nil : schema?.field(name)
            return value[name].flatMap { Self.value(path.dropFirst(), in: $0, node) }
        }
        let item = value.arrayValue?.first { item in
            first.text.hasPrefix("v:") ? PathElement.value(item) == first : schema?.itemKeys.map { Topology.element(of: item, keys: $0, schema?.items) } == first
        }
        return item.flatMap { Self.value(path.dropFirst(), in: $0, schema?.items) }
    }

    /// Lists in one order.
    private static func sorted(_ value: JSON) -> JSON {
        switch value {
        case .object(let object): .object(JSONObject(uniqueKeysWithValues: object.map { ($0.key, sorted($0.value)) }))
        case .array(let items): .array(items.map(sorted).sorted { $0.canonicalText() < $1.canonicalText() })
        default: value
        }
    }

    private static let schemas: [Schema?] = [Widget.schema, nil]

    /// After any writes every leaf in an entry is in the object with the value that the entry's owner wrote last, and what can be read back is
    /// what was written. Forced applies never fail; an apply that is repeated changes nothing.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func ownersWroteWhatTheyOwn(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let schema = Self.schemas[Int(seed % 2)]
        var live: JSON?
        var wrote: [String: JSON] = [:]
        for step in 0..<30 {
            let document = try Self.document(&random, schema)
            let now = Timestamp(milliseconds: Widget.now.milliseconds + Int64(step) * 1000)
            if Bool.random(using: &random) {
                let writer = Widget.writer(["a", "b", "c"].randomElement(using: &random) ?? "a", now: now)
                let force = Int.random(in: 0..<3, using: &random) > 0
                do {
                    let result = try ServerSideApply.apply(live: live, patch: document, by: writer, force: force, schema: schema)
                    var again = writer
                    again.now = Timestamp(milliseconds: now.milliseconds + 500)
                    #expect(try ServerSideApply.apply(live: result, patch: document, by: again, schema: schema) == result, "seed \(seed) step \(step)")
                    for path in FieldSetBuilder.applied(document, schema, .whole).leaves {
                        #expect(Self.value(path[...], in: result, schema)?.isSame(as: Self.value(path[...], in: document, schema) ?? .null) == true
                            || Self.value(path[...], in: document, schema)?.isScalar == false)
                    }
                    live = result
                    wrote["Apply " + writer.manager] = document
                } catch let conflict as ApplyConflict {
                    #expect(!force && !conflict.conflicts.isEmpty, "seed \(seed) step \(step)")
                }
            } else {
                let writer = Widget.writer(["d", "e"].randomElement(using: &random) ?? "d", now: now)
                live = ServerSideApply.track(before: live, after: document, by: writer, schema: schema)
                #expect(live?.bare == document)
                // Of what it does not change, the writer keeps what it wrote before.
                wrote["Update " + writer.manager] = document
            }
            let object = try #require(live)
            let managed = try ManagedFields(of: object)
            for entry in managed.entries {
                let document = wrote["\(entry.owner.operation.rawValue) \(entry.owner.manager)"] ?? .null
                for path in entry.fields.leaves {
                    let now = Self.value(path[...], in: object, schema)
                    #expect(now != nil, "seed \(seed) step \(step): \(entry.owner.manager) owns \(FieldSet.text(path)), which is not there")
                    guard let now, let then = Self.value(path[...], in: document, schema), now.isScalar || then.isScalar else { continue }
                    #expect(now.isSame(as: then), "seed \(seed) step \(step): \(entry.owner.manager) never wrote \(FieldSet.text(path)) = \(now.text())")
                }
            }
            #expect(try ManagedFields(of: JSONParser.parse(object.text())) == managed)
        }
    }

    /// Applying and then applying nothing leaves what was there before.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func whatAnApplierAddsItCanTakeAway(seed: UInt64) throws {
        var random = SeededRandom(seed &+ 1000)
        let schema = Self.schemas[Int(seed % 2)]
        let live = ServerSideApply.track(before: nil, after: try Self.document(&random, schema), by: Widget.writer("creator"), schema: schema)
        for _ in 0..<20 {
            let patch = try Self.document(&random, schema)
            guard let applied = try? ServerSideApply.apply(live: live, patch: patch, by: Widget.writer("me"), schema: schema) else { continue }
            let left = try ServerSideApply.apply(live: applied, patch: try Widget.object(), by: Widget.writer("me", now: Widget.later), schema: schema)
            #expect(Self.sorted(left).isSame(as: Self.sorted(live)), "seed \(seed): \(patch.text()) on \(live.text()) left \(left.text())")
        }
    }
}
