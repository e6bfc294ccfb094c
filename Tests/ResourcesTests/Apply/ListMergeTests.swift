import Core
import Testing
@testable import Resources

@Suite struct ListMergeTests {
    /// Live list, applied list, merged list: of sets, and of the same names as keyed items.
    @Test(arguments: [
        ("nginx", "sidecar", "nginx sidecar"),
        ("a b c", "c a", "b c a"),
        ("a b", "b a", "b a"),
        ("a x b", "a b", "a x b"),
        ("a x b", "b a", "x b a"),
        ("x a", "n a", "x n a"),
        ("a x", "n a m", "n a x m"),
        ("a b x", "a n b", "a n b x"),
        ("", "b a", "b a"),
        ("b a", "", "b a"),
        ("a b c d", "d n b", "a c d n b"),
    ])
    func order(_ live: String, _ applied: String, _ merged: String) throws {
        func names(_ text: String) -> [JSON] { text.split(separator: " ").map { .string(String($0)) } }
        func items(_ text: String) -> [JSON] { names(text).map { ["name": $0] } }
        let set = Schema.set(.string()), keyed = Schema.keyedList(["name"], Widget.container)
        #expect(TypedMerge.merge(.array(names(live)), .array(names(applied)), set) == .array(names(merged)))
        #expect(TypedMerge.merge(.array(items(live)), .array(items(applied)), keyed) == .array(items(merged)))
    }

    @Test func itemsMergeByField() throws {
        let live = try JSONParser.parse(#"[{"name":"a","image":"1","args":["x","y"],"ports":[{"containerPort":80,"protocol":"TCP","name":"web"}]}]"#)
        let applied = try JSONParser.parse(#"[{"name":"a","args":["z"],"ports":[{"containerPort":80},{"containerPort":80,"protocol":"UDP"}]}]"#)
        #expect(TypedMerge.merge(live, applied, .keyedList(["name"], Widget.container)).text()
            == #"[{"name":"a","image":"1","args":["z"],"ports":[{"containerPort":80,"protocol":"TCP","name":"web"},{"containerPort":80,"protocol":"UDP"}]}]"#)
    }

    @Test func anItemReplacesLiveItemsOfItsKeys() throws {
        let live = try JSONParser.parse(#"[{"name":"a","image":"1"},{"name":"b"},{"name":"a","image":"2"}]"#)
        let applied = try JSONParser.parse(#"[{"name":"a","args":[]}]"#)
        #expect(TypedMerge.merge(live, applied, .keyedList(["name"], Widget.container)).text() == #"[{"name":"a","args":[]},{"name":"b"}]"#)
    }

    @Test func longListsAreMergedInTime() {
        let count: Int64 = 5_000
        let live = (0..<count).map { JSON.int($0) }, applied = (0..<count).map { JSON.int(count * 2 - $0 - 1) }
        let start = ContinuousClock.now
        let merged = TypedMerge.merge(.array(live), .array(applied + live.reversed()), Schema.set(.integer()))
        #expect(merged.arrayValue?.count == Int(count * 2) && ContinuousClock.now - start < .seconds(20))
    }
}
