import Core
import Testing

@testable import Resources

@Suite struct StrategicMergePatchTests {
    private static let container = Schema.object([
        "name": .string(), "image": .string(), "args": .list(.string()),
        "ports": Schema(.array, items: .object(["port": .integer(), "protocol": .string()]), listType: .map, listKeys: ["port", "protocol"], patchKey: "port"),
        "env": .keyedList(["name"], .object(["name": .string(), "value": .string()])),
    ])
    static let schema = Schema.object([
        "m": .map(.string()), "one": .object(["a": .integer(), "b": .integer(), "deep": .object(["c": .integer()])]),
        "c": .keyedList(["name"], container), "f": .set(.string()), "list": .list(.string()), "objects": .list(.anyObject()), "free": .anyObject(),
    ])

    private func apply(_ patch: String, to document: String, schema: Schema? = schema) throws -> String {
        try StrategicMergePatch(.read(patch)).apply(to: .read(document), schema: schema).text()
    }

    @Test(arguments: [
        // Objects
        (#"{"one":{"a":1,"b":2}}"#, #"{"one":{"b":3,"deep":{"c":4}}}"#, #"{"one":{"a":1,"b":3,"deep":{"c":4}}}"#),
        (#"{"one":{"a":1,"b":2},"m":{"k":"v"}}"#, #"{"one":{"a":null},"m":null}"#, #"{"one":{"b":2}}"#),
        (#"{"m":{"k":"v"}}"#, #"{"m":{"n":"w","k":null,"x":null}}"#, #"{"m":{"n":"w"}}"#),
        (#"{}"#, #"{"one":{"a":null,"deep":{"c":null}}}"#, #"{"one":{"deep":{}}}"#),
        (#"{"one":5}"#, #"{"one":{"a":1}}"#, #"{"one":{"a":1}}"#),
        (#"{"one":{"a":1}}"#, #"{"one":7}"#, #"{"one":7}"#),
        // $patch in objects
        (#"{"one":{"a":1,"b":2}}"#, #"{"one":{"$patch":"replace","b":3}}"#, #"{"one":{"b":3}}"#),
        (#"{"one":{"a":1},"m":{}}"#, #"{"one":{"$patch":"delete"}}"#, #"{"m":{}}"#),
        (#"{"one":{"a":1}}"#, #"{"one":{"$patch":"merge","b":2}}"#, #"{"one":{"a":1,"b":2}}"#),
        (#"{"one":{"a":1},"x":1}"#, #"{"$patch":"replace","one":{"b":2}}"#, #"{"one":{"b":2}}"#),
        (#"{}"#, #"{"one":{"$patch":"replace","deep":{"$patch":"delete"},"a":1}}"#, #"{"one":{"a":1}}"#),
        // $retainKeys
        (#"{"one":{"a":1,"b":2}}"#, #"{"one":{"$retainKeys":["b","deep"],"deep":{"c":1}}}"#, #"{"one":{"b":2,"deep":{"c":1}}}"#),
        (#"{"one":{"a":1}}"#, #"{"one":{"$retainKeys":[]}}"#, #"{"one":{}}"#),
        // Lists with a key: joined, in place
        (#"{"c":[{"name":"a","image":"1"},{"name":"b","image":"2"},{"name":"z"}]}"#, #"{"c":[{"name":"b","image":"3","args":["x"]}]}"#,
            #"{"c":[{"name":"a","image":"1"},{"name":"b","image":"3","args":["x"]},{"name":"z"}]}"#),
        (#"{"c":[{"name":"a","env":[{"name":"E","value":"1"},{"name":"F"}]}]}"#, #"{"c":[{"name":"a","env":[{"name":"E","value":null},{"$patch":"delete","name":"F"}]}]}"#,
            #"{"c":[{"name":"a","env":[{"name":"E"}]}]}"#),
        (#"{"c":[{"name":"a"}]}"#, #"{"c":[{"name":"n","image":null}]}"#, #"{"c":[{"name":"n"},{"name":"a"}]}"#),
        (#"{"c":[{"name":"a"},{"name":"b"},{"name":"a"}]}"#, #"{"c":[{"$patch":"delete","name":"a"}]}"#, #"{"c":[{"name":"b"}]}"#),
        (#"{"c":[{"name":"a"}]}"#, #"{"c":[{"$patch":"delete","name":"q"}]}"#, #"{"c":[{"name":"a"}]}"#),
        (#"{"c":[{"name":"a","image":"1"}]}"#, #"{"c":[{"name":"a","$patch":"merge","image":"2"},{"$patch":"merge"}]}"#, #"{"c":[{"name":"a","image":"2"}]}"#),
        (#"{"c":[{"name":"a"},{"name":"b"}]}"#, #"{"c":[{"name":"n","env":[{"name":"E"}]},{"$patch":"replace"}]}"#, #"{"c":[{"name":"n","env":[{"name":"E"}]}]}"#),
        (#"{"c":[{"name":"a"}]}"#, #"{"c":[{"$patch":"replace"}]}"#, #"{"c":[]}"#),
        (#"{"c":[{"name":"a"}]}"#, #"{"c":null}"#, #"{}"#),
        (#"{"c":"odd"}"#, #"{"c":[{"name":"n"}]}"#, #"{"c":[{"name":"n"}]}"#),
        (#"{}"#, #"{"c":[{"name":"n","m":null,"env":[{"$patch":"delete","name":"E"},{"name":"F"}]}]}"#, #"{"c":[{"name":"n","env":[{"name":"F"}]}]}"#),
        // Numbers as keys
        (#"{"c":[{"name":"a","ports":[{"port":80,"protocol":"TCP"},{"port":443}]}]}"#, #"{"c":[{"name":"a","ports":[{"port":80.0,"protocol":"UDP"}]}]}"#,
            #"{"c":[{"name":"a","ports":[{"port":80.0,"protocol":"UDP"},{"port":443}]}]}"#),
        // Items that have no key stay
        (#"{"c":[1,{"image":"x"},{"name":"a"}]}"#, #"{"c":[{"name":"a","image":"y"}]}"#, #"{"c":[1,{"image":"x"},{"name":"a","image":"y"}]}"#),
        // Sets
        (#"{"f":["a","b"]}"#, #"{"f":["b","c"]}"#, #"{"f":["a","b","c"]}"#),
        (#"{"f":["a","b","c","b"]}"#, #"{"$deleteFromPrimitiveList/f":["b","x"]}"#, #"{"f":["a","c"]}"#),
        (#"{"f":["a","b","c"]}"#, #"{"f":["d"],"$deleteFromPrimitiveList/f":["c"],"$setElementOrder/f":["b","a","d"]}"#, #"{"f":["b","a","d"]}"#),
        (#"{}"#, #"{"$deleteFromPrimitiveList/f":["b"],"$setElementOrder/f":["b"]}"#, #"{}"#),
        // Lists that are replaced
        (#"{"list":["a","b"]}"#, #"{"list":["c"]}"#, #"{"list":["c"]}"#),
        (#"{"list":["a","b","c"]}"#, #"{"$deleteFromPrimitiveList/list":["b"],"$setElementOrder/list":["c","a"]}"#, #"{"list":["a","c"]}"#),
        (#"{"objects":[{"name":"a"}]}"#, #"{"objects":[{"name":"b","x":null},{"$patch":"replace"}]}"#, #"{"objects":[{"name":"b","x":null}]}"#),
        (#"{"free":{"l":[1],"o":{"a":1}}}"#, #"{"free":{"l":[2],"o":{"b":2}}}"#, #"{"free":{"l":[2],"o":{"a":1,"b":2}}}"#),
        (#"{"list":["a"]}"#, #"{"list":[]}"#, #"{"list":[]}"#),
    ])
    func table(_ document: String, _ patch: String, _ result: String) throws {
        #expect(try apply(patch, to: document) == result)
    }

    /// Names of items before, what the patch carries, its order, and names after.
    @Test(arguments: [
        ("a b c", "", "c a b", "c a b"), ("a b c", "", "b", "a b c"), ("a x b", "", "b a", "x b a"), ("x a y b z", "a b", "a b", "x a y b z"),
        ("c b d a e", "a b", "a b", "c d a b e"), ("a b", "n", "a n b", "a n b"), ("a b", "n", "a b n", "a b n"), ("s a b", "n", "n a b", "n s a b"),
        ("a b", "a", "z a b q", "a b"), ("", "n m", "n m", "n m"), ("b e a c d", "-c f", "a b f", "e a b f d"),
    ])
    func order(_ before: String, _ carried: String, _ order: String, _ after: String) throws {
        func items(_ text: String) -> String {
            text.split(separator: " ").map { $0.hasPrefix("-") ? #"{"$patch":"delete","name":"\#($0.dropFirst())"}"# : #"{"name":"\#($0)"}"# }.joined(separator: ",")
        }
        let patch = (carried.isEmpty ? "{" : #"{"c":[\#(items(carried))],"#) + #""$setElementOrder/c":[\#(items(order))]}"#
        #expect(try apply(patch, to: #"{"c":[\#(items(before))]}"#) == #"{"c":[\#(items(after))]}"#)
        // A set of scalars is ordered alike.
        func words(_ text: String, deleted: Bool = false) -> String {
            text.split(separator: " ").filter { $0.hasPrefix("-") == deleted }.map { "\"\($0.drop { $0 == "-" })\"" }.joined(separator: ",")
        }
        let set = #"{"f":[\#(words(carried))],"$deleteFromPrimitiveList/f":[\#(words(carried, deleted: true))],"$setElementOrder/f":[\#(words(order))]}"#
        #expect(try apply(set, to: #"{"f":[\#(words(before))]}"#) == #"{"f":[\#(words(after))]}"#)
    }

    @Test(arguments: [
        (#"[]"#, "a patch is an object"), (#"{"$patch":"delete"}"#, "whole object"), (#"{"one":{"$patch":"drop"}}"#, "one.$patch: the directive is one of"),
        (#"{"one":{"$patch":1}}"#, "one.$patch"), (#"{"one":{"$retainKeys":["b"],"a":1}}"#, "one.a: the field is patched"), (#"{"one":{"$retainKeys":"a"}}"#, "is a list"),
        (#"{"one":{"$retainKeys":[1]}}"#, "are strings"), (#"{"c":[{"image":"x"}]}"#, "c[0].name: an item needs"), (#"{"c":["x"]}"#, "c[0]: an item is an object"),
        (#"{"c":[{"name":"a"},{"name":{}}]}"#, "c[1]: an object cannot"), (#"{"c":[{"name":"a","$patch":"replace"}]}"#, "c[0]: an item that says"),
        (#"{"f":[{"a":1}]}"#, "f[0]: an object cannot"), (#"{"c":[{"name":"n"}],"$setElementOrder/c":[{"name":"a"}]}"#, "does not name"),
        (#"{"c":[{"name":"b"},{"name":"a"}],"$setElementOrder/c":[{"name":"a"},{"name":"b"}]}"#, "another order"), (#"{"$setElementOrder/f":{}}"#, "is a list"),
        (#"{"c":[{"$patch":"delete"}]}"#, "c[0].name: an item needs"), (#"{"c":[{"name":"a","env":[{"value":"1"}]}]}"#, "c[0].env[0].name"),
    ])
    func errors(_ patch: String, _ says: String) throws {
        let error = try #require(throws: MonoflowError.self) { try apply(patch, to: #"{"c":[{"name":"a"},{"name":"b"}],"f":["a"],"one":{}}"#) }
        #expect(error.code == .invalidArgument)
        #expect(error.description.contains(says), "\(error)")
    }

    /// Without a schema, a patch without directives is a merge patch.
    @Test func isAMergePatchWhereNothingIsKnown() throws {
        var random = SeededRandom(3)
        for _ in 0..<1000 {
            let document = random.object(nulls: false), patch = random.object(nulls: true)
            #expect(try StrategicMergePatch(patch).apply(to: document, schema: nil) == MergePatch.apply(patch, to: document))
        }
    }

    @Test func longListsAreJoinedInOnePass() throws {
        func list(_ numbers: some Sequence<Int>) -> JSON { ["c": .array(numbers.map { ["name": .string("n\($0)")] })] }
        var patch = list((0..<20_000).reversed())
        patch["$setElementOrder/c"] = patch["c"]
        let start = ContinuousClock.now
        #expect(try StrategicMergePatch(patch).apply(to: list(0..<20_000), schema: Self.schema) == list((0..<20_000).reversed()))
        #expect(ContinuousClock.now - start < .seconds(30))
    }
}
