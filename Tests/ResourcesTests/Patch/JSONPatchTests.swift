import Core
import Testing

@testable import Resources

@Suite struct JSONPatchTests {
    private func apply(_ patch: String, to document: String) throws -> String {
        try JSONPatch(.read(patch)).apply(to: .read(document)).text()
    }

    /// What RFC 6902, appendix A shows, on documents of our own.
    @Test(arguments: [
        // A.1–A.2 add a member, an element
        (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":2}]"#, #"{"a":1,"b":2}"#),
        (#"{"a":[1,3]}"#, #"[{"op":"add","path":"/a/1","value":2}]"#, #"{"a":[1,2,3]}"#),
        // A.3–A.4 remove
        (#"{"a":1,"b":2}"#, #"[{"op":"remove","path":"/a"}]"#, #"{"b":2}"#),
        (#"{"a":[1,2,3]}"#, #"[{"op":"remove","path":"/a/1"}]"#, #"{"a":[1,3]}"#),
        // A.5 replace keeps the place
        (#"{"a":1,"b":2}"#, #"[{"op":"replace","path":"/a","value":{"c":null}}]"#, #"{"a":{"c":null},"b":2}"#),
        // A.6–A.7 move
        (#"{"a":{"x":1,"y":2},"b":{"z":3}}"#, #"[{"op":"move","from":"/a/x","path":"/b/w"}]"#, #"{"a":{"y":2},"b":{"z":3,"w":1}}"#),
        (#"{"a":["one","two","three","four"]}"#, #"[{"op":"move","from":"/a/1","path":"/a/3"}]"#, #"{"a":["one","three","four","two"]}"#),
        // A.8 test, of objects whose keys are in another order and of numbers that are written otherwise
        (#"{"a":"x","b":["y",2]}"#, #"[{"op":"test","path":"/a","value":"x"},{"op":"test","path":"/b/1","value":2.0}]"#, #"{"a":"x","b":["y",2]}"#),
        (#"{"a":{"x":1,"y":null}}"#, #"[{"op":"test","path":"/a","value":{"y":null,"x":1}}]"#, #"{"a":{"x":1,"y":null}}"#),
        // A.10 an object into a member
        (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":{"c":{}}}]"#, #"{"a":1,"b":{"c":{}}}"#),
        // A.11 unknown members do not count
        (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":2,"extra":3}]"#, #"{"a":1,"b":2}"#),
        // A.14 escapes: ~01 is ~1, not /
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10},{"op":"test","path":"/~1","value":9}]"#, #"{"/":9,"~1":10}"#),
        // A.16 a list as one element
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/-","value":[2,3]}]"#, #"{"a":[1,[2,3]]}"#),
        // Others: existing members, null, the whole document, the empty key, ends of lists, no move at all
        (#"{"a":1,"b":2}"#, #"[{"op":"add","path":"/a","value":null}]"#, #"{"a":null,"b":2}"#),
        (#"{"a":1}"#, #"[{"op":"replace","path":"","value":[1]},{"op":"add","path":"/1","value":2}]"#, #"[1,2]"#),
        (#"{"":{"":1}}"#, #"[{"op":"replace","path":"//","value":2}]"#, #"{"":{"":2}}"#),
        (#"{"a":[]}"#, #"[{"op":"add","path":"/a/0","value":1}]"#, #"{"a":[1]}"#),
        (#"{"a":1,"b":2}"#, #"[{"op":"move","from":"/a","path":"/a"}]"#, #"{"a":1,"b":2}"#),
        (#"{"a":{"b":1}}"#, #"[{"op":"copy","from":"","path":"/a/c"}]"#, #"{"a":{"b":1,"c":{"a":{"b":1}}}}"#),
        (#"{"a":{"b":[1]}}"#, #"[{"op":"copy","from":"/a","path":"/c"},{"op":"add","path":"/a/b/-","value":2}]"#, #"{"a":{"b":[1,2]},"c":{"b":[1]}}"#),
        (#"{"a":{"b":[1]}}"#, #"[{"op":"move","from":"/a/b","path":""}]"#, #"[1]"#),
        (#"{}"#, #"[]"#, #"{}"#),
    ])
    func table(_ document: String, _ patch: String, _ result: String) throws {
        #expect(try apply(patch, to: document) == result)
    }

    /// What fits no such document (A.9, A.12, A.15 among them): the error says which operation and where.
    @Test(arguments: [
        (#"{"a":"x"}"#, #"[{"op":"test","path":"/a","value":"y"}]"#, #"operation 0 (test "/a")"#),
        (#"{"a":{"x":1,"y":2}}"#, #"[{"op":"test","path":"/a","value":{"x":1,"z":2}}]"#, #"operation 0 (test "/a")"#),
        (#"{"a":1}"#, #"[{"op":"test","path":"/a","value":"1"}]"#, #"operation 0"#),
        (#"{"a":1}"#, #"[{"op":"test","path":"/a","value":1},{"op":"add","path":"/b/c","value":1}]"#, #"operation 1 (add "/b/c")"#),
        (#"{"a":1}"#, #"[{"op":"remove","path":"/b"}]"#, #"operation 0 (remove "/b")"#),
        (#"{"a":1}"#, #"[{"op":"replace","path":"/b","value":1}]"#, #"no member "b""#),
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/2","value":1}]"#, #"index 2 is beyond"#),
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/00","value":1}]"#, #"not an index"#),
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/-1","value":1}]"#, #"not an index"#),
        (#"{"a":[1]}"#, #"[{"op":"remove","path":"/a/-"}]"#, #"no value at "/a/-""#),
        (#"{"a":[1]}"#, #"[{"op":"remove","path":"/a/1"}]"#, #"no value"#),
        (#"{"a":[1]}"#, #"[{"op":"test","path":"/a/99999999999999999999","value":1}]"#, #"no value"#),
        (#"{"a":1}"#, #"[{"op":"add","path":"/a/b","value":1}]"#, #"a number has no members"#),
        (#"{"a":1}"#, #"[{"op":"move","from":"/b","path":"/b"}]"#, #"move "/b" to "/b""#),
        (#"{"a":1}"#, #"[{"op":"copy","from":"/b","path":"/c"}]"#, #"no value at "/b""#),
    ])
    func misfits(_ document: String, _ patch: String, _ says: String) throws {
        let error = try #require(throws: MonoflowError.self) { try apply(patch, to: document) }
        #expect(error.code == .failedPrecondition)
        #expect(error.description.contains(says), "\(error)")
    }

    @Test(arguments: [
        (#"{}"#, "a list of operations"), (#"[1]"#, "operation 0: an operation is an object"), (#"[{"path":"/a"}]"#, #""op" is missing"#),
        (#"[{"op":"add","path":"/a"}]"#, #"(add "/a"): "value" is missing"#), (#"[{"op":"jump","path":"/a"}]"#, #"not "jump""#),
        (#"[{"op":"remove","path":"/a"},{"op":"remove"}]"#, #"operation 1: "path" is missing"#), (#"[{"op":"remove","path":1}]"#, "is a string"),
        (#"[{"op":"remove","path":"a"}]"#, "begins with '/'"), (#"[{"op":"remove","path":"/~2"}]"#, "'~0'"), (#"[{"op":"remove","path":"/a~"}]"#, "'~0'"),
        (#"[{"op":"move","path":"/a"}]"#, #""from" is missing"#), (#"[{"op":"move","from":"/a","path":"/a/b"}]"#, "into itself"),
        (#"[{"op":"copy","from":5,"path":"/a"}]"#, #""from" is a string"#), (#"[{"op":"remove","path":""}]"#, "whole document"),
        (#"[{"op":null,"path":""}]"#, "not null"),
    ])
    func malformed(_ patch: String, _ says: String) throws {
        let error = try #require(throws: MonoflowError.self) { try JSONPatch(.read(patch)) }
        #expect(error.code == .invalidArgument)
        #expect(error.description.contains(says), "\(error)")
    }

    @Test func operationsAreBounded() throws {
        let one: JSON = ["op": "test", "path": "", "value": 1]
        #expect(try JSONPatch(.array(Array(repeating: one, count: 10_000))).apply(to: 1) == 1)
        let error = try #require(throws: MonoflowError.self) { try JSONPatch(.array(Array(repeating: one, count: 10_001))) }
        #expect(error.code == .payloadTooLarge)
    }

    /// A document that doubles with every copy ends at the bound and not with the memory.
    @Test func copiesAreBounded() throws {
        let double = #"{"op":"copy","from":"/a","path":"/a/-"}"#
        let patch = "[" + Array(repeating: double, count: 200).joined(separator: ",") + "]"
        let error = try #require(throws: MonoflowError.self) { try apply(patch, to: #"{"a":["0123456789"]}"#) }
        #expect(error.code == .payloadTooLarge && error.subject.contains(#"copy "/a" to "/a/-""#), "\(error)")
    }

    @Test func depthIsBounded() throws {
        // Each moves the document one level down, by copying it into itself.
        let deeper = #"{"op":"copy","from":"","path":"/a"}"#
        func patch(_ count: Int) -> String { "[" + Array(repeating: deeper, count: count).joined(separator: ",") + "]" }
        #expect(try DocumentMeasure(.read(apply(patch(8), to: "{}"))).depth == 9)
        #expect(try DocumentMeasure(.read(apply(patch(255), to: "{}"))).depth == 256)
        let error = try #require(throws: MonoflowError.self) { try apply(patch(256), to: "{}") }
        #expect(error.code == .payloadTooLarge && error.subject.hasPrefix("operation 255"), "\(error)")
    }

    @Test func editsOfLongListsAreBounded() throws {
        let list = JSON.array(Array(repeating: 0, count: 100_000))
        let patch = JSONPatch(operations: Array(repeating: .remove(JSONPointer(tokens: ["0"])), count: 1000))
        let error = try #require(throws: MonoflowError.self) { try patch.apply(to: list) }
        #expect(error.code == .payloadTooLarge, "\(error)")
    }

    /// A patch that replaces every leaf by its pointer finds each again, and a removal undoes an addition.
    @Test func pointersOfRandomDocuments() throws {
        var random = SeededRandom(11)
        func leaves(_ value: JSON, _ tokens: [String] = []) -> [[String]] {
            switch value {
            case .array(let items): items.enumerated().flatMap { leaves($1, tokens + ["\($0)"]) }
            case .object(let object): object.flatMap { leaves($1, tokens + [$0]) }
            default: [tokens]
            }
        }
        for _ in 0..<300 {
            let document = random.object(nulls: true)
            for tokens in leaves(document) {
                let pointer = JSONPointer(tokens: tokens)
                #expect(try JSONPointer(pointer.description) == pointer)
                let result = try JSONPatch(operations: [.test(pointer, try #require(pointer.value(in: document))), .replace(pointer, "new")]).apply(to: document)
                #expect(pointer.value(in: result) == "new")
            }
            let added = JSONPointer(tokens: ["new/~"])
            #expect(try JSONPatch(operations: [.add(added, [1]), .remove(added)]).apply(to: document) == document)
        }
    }
}
