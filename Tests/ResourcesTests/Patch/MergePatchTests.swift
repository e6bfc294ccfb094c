import Core
import Testing

@testable import Resources

@Suite struct MergePatchTests {
    /// The cases of RFC 7386, appendix A: document, patch, result.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#),
        (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
        (#"{"a":"foo"}"#, #"null"#, #"null"#),
        (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
        (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        // Order of keys; nulls in lists stay.
        (#"{"z":1,"y":2,"x":3}"#, #"{"w":0,"x":4,"z":null,"v":5}"#, #"{"y":2,"x":4,"w":0,"v":5}"#),
        (#"{"a":1}"#, #"{"a":[null,{"b":null}]}"#, #"{"a":[null,{"b":null}]}"#),
    ])
    func table(_ document: String, _ patch: String, _ result: String) throws {
        #expect(MergePatch.apply(try .read(patch), to: try .read(document)).text() == result)
    }

    @Test func laws() {
        var random = SeededRandom(7)
        for _ in 0..<2000 {
            let document = random.object(nulls: false), patch = random.document(nulls: true)
            let once = MergePatch.apply(patch, to: document)
            #expect(MergePatch.apply(patch, to: once) == once, "applied twice: \(patch.text()) to \(document.text())")
            #expect(MergePatch.apply([:], to: document) == document)
            // A document without nulls is a patch that makes any scalar into itself.
            #expect(MergePatch.apply(document, to: 1).isEqualValue(to: document))
            guard case .object(let changes) = patch else { continue }
            for (key, change) in changes {
                if change == .null { #expect(once[key] == nil) } else { #expect(once[key] == MergePatch.apply(change, to: document[key] ?? .null)) }
            }
            for (key, value) in document.objectValue ?? [:] where changes[key] == nil { #expect(once[key] == value) }
        }
    }

    /// Many removals are one pass.
    @Test func manyRemovals() {
        let keys = (0..<50_000).map { "k\($0)" }
        let document = JSON.object(JSONObject(uniqueKeysWithValues: keys.map { ($0, JSON.int(1)) }))
        let patch = JSON.object(JSONObject(uniqueKeysWithValues: keys.dropLast().map { ($0, JSON.null) }))
        let start = ContinuousClock.now
        #expect(MergePatch.apply(patch, to: document) == ["k49999": 1])
        #expect(ContinuousClock.now - start < .seconds(30))
    }
}
