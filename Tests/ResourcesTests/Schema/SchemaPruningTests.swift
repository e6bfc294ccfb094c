import Core
import Resources
import Testing

@Suite struct SchemaPruningTests {
    @Test(arguments: [
        (#"{"spec":{"replicas":1}}"#, #"{"spec":{"replicas":1}}"#, []),
        (#"{"a":1,"spec":{"b":{},"replicas":1},"c":[]}"#, #"{"spec":{"replicas":1}}"#, ["a", "spec.b", "c"]),
        (#"{"spec":{"ports":[{"port":1,"x":1},{"port":2},{"y":2}]}}"#, #"{"spec":{"ports":[{"port":1},{"port":2},{}]}}"#, ["spec.ports[0].x", "spec.ports[2].y"]),
        (#"{"spec":{"labels":{"any":"x"}}}"#, #"{"spec":{"labels":{"any":"x"}}}"#, []),
        // Kept as a whole, but what is known in it is pruned all the same.
        (#"{"spec":{"free":{"x":{"y":1},"known":{"a":1,"b":2}},"anything":{"z":1}}}"#,
            #"{"spec":{"anything":{"z":1},"free":{"known":{"a":1},"x":{"y":1}}}}"#, ["spec.free.known.b"]),
        (#"{"spec":{"object":{"apiVersion":"v1","kind":"X","metadata":{"name":"n","nonsense":1},"spec":{}}}}"#,
            #"{"spec":{"object":{"apiVersion":"v1","kind":"X","metadata":{"name":"n"},"spec":{}}}}"#, ["spec.object.metadata.nonsense"]),
        // Of another kind than the schema wants: that is for validation.
        (#"{"spec":{"replicas":{"a":1},"port":{"b":1},"ports":{"c":1}}}"#, #"{"spec":{"port":{"b":1},"ports":{"c":1},"replicas":{"a":1}}}"#, []),
    ] as [(String, String, [String])])
    func pruned(document: String, expected: String, unknown: [String]) throws {
        let schema = try SchemaReader.read(json(cronTabSchema)).schema
        var result = try json(document)
        #expect(SchemaPruning.prune(&result, by: schema).map(\.description) == unknown)
        #expect(result.canonicalText() == expected)
        #expect(try SchemaPruning.unknownFields(of: json(document), by: schema).map(\.description) == unknown)
        #expect(SchemaPruning.prune(&result, by: schema).isEmpty)
    }

    @Test func manyFieldsGoAndAHundredAreTold() {
        var object: JSONObject = ["known": "x"]
        for index in 0..<100_000 { object["f\(index)"] = 1 }
        var document = JSON.object(object)
        #expect(SchemaPruning.prune(&document, by: .object(["known": .string()])).count == SchemaPruning.maximumReported)
        #expect(document == ["known": "x"])
    }

    @Test func keyOrderStays() throws {
        var document = try json(#"{"b":"1","x":"2","a":"3"}"#)
        SchemaPruning.prune(&document, by: .object(["a": .string(), "b": .string()]))
        #expect(document.text() == #"{"b":"1","a":"3"}"#)
    }
}
