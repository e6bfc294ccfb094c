import Core
import OrderedCollections
import Testing
@testable import Resources

/// Moving between client-side and server-side apply.
@Suite struct LastAppliedTests {
    /// An object as `kubectl apply` leaves it.
    private func clientSide(_ data: String) throws -> JSON {
        var object = try Widget.object(data: data)
        let text = object.text() + "\n"
        object["metadata"] = ["name": "w", "annotations": .object([LastApplied.annotation: .string(text)])]
        return Widget.update(nil, to: object, by: "kubectl-client-side-apply")
    }

    private func annotation(_ object: JSON) -> String? { object["metadata"]?["annotations"]?[LastApplied.annotation]?.stringValue }

    @Test func kubectlTakesOverItsOwnFields() throws {
        let live = try clientSide(#"{"a":"1","b":"1"}"#)
        let patch = try Widget.object(data: #"{"a":"2","b":"1"}"#)
        #expect(throws: ApplyConflict.self) { try Widget.apply(patch, to: live, by: "my-manager") }
        let moved = try Widget.apply(patch, to: live, by: "kubectl")
        #expect(moved["data"] == ["a": "2", "b": "1"])
        #expect(moved.owned(by: "kubectl", .apply) == #"{"f:data":{"f:a":{},"f:b":{}}}"#)
        #expect(annotation(moved) == patch.text() + "\n", "kept for those who go back")
        #expect(try Widget.apply(patch, to: moved, by: "kubectl", now: Widget.later) == moved)
        #expect(annotation(try Widget.apply(patch, to: moved, by: "other")) == patch.text() + "\n")
    }

    @Test func whatOthersChangedSinceIsAConflict() throws {
        let live = try clientSide(#"{"a":"1","b":"1"}"#)
        var after = live.bare
        after["data"] = ["a": "7", "b": "1"]
        let scaled = Widget.update(live, to: after, by: "kubectl-scale")
        let patch = try Widget.object(data: #"{"a":"2","b":"2"}"#)
        #expect(#expect(throws: ApplyConflict.self) { try Widget.apply(patch, to: scaled, by: "kubectl") }?.conflicts.map(\.description)
            == [#"conflict with "kubectl-scale" using example.org/v1: .data.a"#])
    }

    @Test func anUnreadableAnnotationGrantsNothing() throws {
        var live = try clientSide(#"{"a":"1"}"#)
        for text in ["{", "[]", "null"] {
            live["metadata"]?["annotations"] = .object([LastApplied.annotation: .string(text)])
            let patch = try Widget.object(data: #"{"a":"2"}"#)
            #expect(throws: ApplyConflict.self) { try Widget.apply(patch, to: live, by: "kubectl") }
        }
    }

    @Test func objectsWithoutTheAnnotationGetNone() throws {
        let live = try Widget.apply(try Widget.object(data: #"{"a":"1"}"#), to: nil, by: "kubectl")
        #expect(live["metadata"]?["annotations"] == nil)
    }

    /// What newer versions of `kubectl` do: they write the entries so that client-side apply's fields are the server-side applier's.
    @Test func entriesRewrittenByTheClient() throws {
        let live = try clientSide(#"{"a":"1","b":"1"}"#)
        var after = live
        var entry = live["metadata"]?["managedFields"]?[0] ?? .null
        entry["manager"] = "kubectl"
        entry["operation"] = "Apply"
        after["metadata"]?["managedFields"] = [entry]
        let moved = Widget.update(live, to: after, by: "kubectl")
        #expect(try ManagedFields(of: moved).entries.map(\.owner.operation) == [.apply])
        #expect(try Widget.apply(try Widget.object(data: #"{"a":"2"}"#), to: moved, by: "kubectl")["data"] == ["a": "2"])
    }
}
