import Core
import Testing
@testable import Resources

@Suite struct FieldSetTests {
    @Test(arguments: [
        #"{}"#,
        #"{"f:spec":{"f:replicas":{}}}"#,
        #"{"f:metadata":{"f:labels":{".":{},"f:a.b/c":{}}},"f:spec":{"f:list":{"k:{\"name\":\"a\"}":{".":{},"f:image":{}}}}}"#,
        #"{"f:finalizers":{".":{},"v:\"x\"":{}},"f:list":{"i:0":{},"v:1":{}}}"#,
    ])
    func readsAndWrites(_ text: String) throws {
        #expect(try FieldSet(json: JSONParser.parse(text)).json.text() == text)
    }

    @Test func oneFormForEqualElements() throws {
        let set = try FieldSet(json: JSONParser.parse(#"{"k:{ \"b\" : 1.0, \"a\": \"x\" }":{"f:p":{}},"k:{\"a\":\"x\",\"b\":1}":{"f:q":{}},"f:z":{},"f:a":{}}"#))
        #expect(set.json.text() == #"{"f:a":{},"f:z":{},"k:{\"a\":\"x\",\"b\":1}":{"f:p":{},"f:q":{}}}"#)
    }

    @Test(arguments: [
        (#"[]"#, "expected an object, got a list"),
        (#"{"f:a":1}"#, "fieldsV1.f:a: expected an object, got a number"),
        (#"{"f:a":{"spec":{}}}"#, "fieldsV1.f:a: \"spec\" is no path element"),
        (#"{"f:a":{".":{"f:b":{}}}}"#, "the value of \".\" must be an empty object"),
        (#"{"k:{\"a\":}":{}}"#, "is no path element"), (#"{"k:{}":{}}"#, "is no path element"), (#"{"k:{\"a\":{}}":{}}"#, "is no path element"),
        (#"{"i:-1":{}}"#, "is no path element"), (#"{"v:":{}}"#, "is no path element"), (#"{"":{}}"#, "is no path element"),
        (String(repeating: #"{"f:a":"#, count: 130) + "{}" + String(repeating: "}", count: 130), "nested deeper than 120 levels"),
    ])
    func refuses(_ text: String, _ message: String) throws {
        let json = try JSONParser.parse(text)
        let error = #expect(throws: MonoflowError.self) { try FieldSet(json: json) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
        #expect(error?.code == .invalidArgument)
    }

    /// Texts that stand as they are, and others with the one that stands for them.
    @Test(arguments: [
        (#"k:{"name":"a"}"#, #"k:{"name":"a"}"#), (#"k:{"containerPort":80,"protocol":"TCP"}"#, #"k:{"containerPort":80,"protocol":"TCP"}"#),
        (#"k:{"b":1,"a":2}"#, #"k:{"a":2,"b":1}"#), (#"k:{"a":1,"a":2}"#, #"k:{"a":2}"#), (#"k:{"a:b":1,"a":2}"#, #"k:{"a":2,"a:b":1}"#),
        (#"k:{"ab":1,"a":2}"#, #"k:{"a":2,"ab":1}"#), (#"v:-0"#, "v:0"), ("v:1.0", "v:1"), ("v:1e2", "v:100"), ("v: 7", "v:7"), ("v:007", nil),
        ("v:\"\\u0061\"", #"v:"a""#), (#"v:"é""#, #"v:"é""#), (#"v:"a" "#, #"v:"a""#), (#"v:"a"b"#, nil), (#"k:{"a":1}x"#, nil), (#"k:{"a":1,}"#, nil),
        ("v:null", "v:null"), (#"v:{"b":1,"a":2}"#, #"v:{"a":2,"b":1}"#), ("i:3", "i:3"), ("f:", "f:"),
    ] as [(String, String?)])
    func canonicalText(_ text: String, _ canonical: String?) {
        #expect(PathElement(text: text)?.text == canonical)
        if let canonical { #expect(PathElement(text: canonical)?.text == canonical) }
    }

    @Test func membersAndLeaves() {
        let name = PathElement.key([("name", "a")])
        let set = FieldSet([[.field("list"), name], [.field("list"), name, .field("image")], [.field("x")]])
        #expect(set.contains([.field("list"), name]) && !set.contains([.field("list")]) && !set.contains([]))
        #expect(set.paths.map(FieldSet.text) == [#".list[name="a"]"#, #".list[name="a"].image"#, ".x"])
        #expect(set.leaves.map(FieldSet.text) == [#".list[name="a"].image"#, ".x"])
        #expect(set.count == 3 && !set.isEmpty && FieldSet().isEmpty)
    }

    @Test func pathsReadAsKubernetesWritesThem() {
        let path = [PathElement.field("spec"), .key([("protocol", "TCP"), ("port", 80)]), .value("x"), .index(2), .field("a.b/c")]
        #expect(FieldSet.text(path) == #".spec[port=80,protocol="TCP"][="x"][2].a.b/c"#)
    }

    @Test func trees() throws {
        let set = try FieldSet(json: JSONParser.parse(#"{"f:a":{".":{},"f:b":{"f:c":{}}},"f:d":{}}"#))
        let root = FieldSet([[.field("a"), .field("b")]])
        #expect(set.subtractingTrees(root).json.text() == #"{"f:a":{},"f:d":{}}"#)
        #expect(set.intersectionTrees(root).json.text() == #"{"f:a":{"f:b":{"f:c":{}}}}"#)
        #expect(set.subtracting(root) == set && set.intersection(root).isEmpty)
    }

    /// Against the same operations on plain sets of paths.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func laws(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let elements: [PathElement] = [.field("a"), .field("b"), .key([("n", 1)]), .value("v"), .index(0)]
        func paths() -> Set<FieldSet.Path> {
            Set((0..<Int.random(in: 0...12, using: &random)).map { _ in
                (0..<Int.random(in: 1...3, using: &random)).map { _ in elements[Int.random(in: 0..<elements.count, using: &random)] }
            })
        }
        let (a, b) = (paths(), paths())
        let (x, y) = (FieldSet(a), FieldSet(b))
        #expect(Set(x.paths) == a && x.count == a.count)
        #expect(Set(x.union(y).paths) == a.union(b) && x.union(y) == y.union(x))
        #expect(Set(x.intersection(y).paths) == a.intersection(b) && x.intersection(y) == y.intersection(x))
        #expect(Set(x.subtracting(y).paths) == a.subtracting(b))
        #expect(x.subtracting(y).union(x.intersection(y)) == x && x.union(x) == x && x.subtracting(x).isEmpty)
        func isBelow(_ path: FieldSet.Path) -> Bool { b.contains { path.starts(with: $0) } }
        #expect(Set(x.subtractingTrees(y).paths) == a.filter { !isBelow($0) })
        #expect(Set(x.intersectionTrees(y).paths) == a.filter { isBelow($0) })
        #expect(a.allSatisfy { x.contains($0) } && b.subtracting(a).allSatisfy { !x.contains($0) })
        #expect(try FieldSet(json: JSONParser.parse(x.json.text())) == x)
    }
}
