import Core
import Testing
@testable import Resources

/// The behaviours that Kubernetes documents for server-side apply.
@Suite struct ServerSideApplyTests {
    @Test func createsAnObject() throws {
        let patch = try Widget.object(data: #"{"key":"v"}"#, metadata: #""labels":{"l":"m"}"#)
        let made = try Widget.apply(patch, to: nil, by: "kubectl")
        #expect(made.bare == patch)
        #expect(made["metadata"]?["managedFields"]?.text() == #"[{"manager":"kubectl","operation":"Apply","apiVersion":"example.org/v1","time":""# + Widget.start
            + #"","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:key":{}},"f:metadata":{"f:labels":{"f:l":{}}}}}]"#)
    }

    @Test func conflictsNameOwnerAndField() throws {
        let live = Widget.update(nil, to: try Widget.object(spec: #"{"containers":[{"name":"a","image":"1"}],"replicas":1}"#), by: "editor")
        let patch = try Widget.object(spec: #"{"containers":[{"name":"a","image":"2"}],"replicas":2}"#)
        let error = #expect(throws: ApplyConflict.self) { try Widget.apply(patch, to: live, by: "me") }
        #expect(error?.conflicts.map(\.field) == [#".spec.containers[name="a"].image"#, ".spec.replicas"])
        #expect(error?.conflicts.first?.message == #"conflict with "editor" using example.org/v1"#)
        #expect(error?.description == "Apply failed with 2 conflicts: conflicts with \"editor\" using example.org/v1:\n"
            + "- .spec.containers[name=\"a\"].image\n- .spec.replicas")
    }

    @Test func oneConflictIsOneLine() throws {
        var live = try Widget.apply(try Widget.object(data: #"{"key":"1"}"#), to: nil, by: "other")
        let patch = try Widget.object(data: #"{"key":"2"}"#)
        #expect(#expect(throws: ApplyConflict.self) { try Widget.apply(patch, to: live, by: "me") }?.description
            == #"Apply failed with 1 conflict: conflict with "other": .data.key"#)
        let scale = Widget.writer("hpa", subresource: "scale")
        live = ServerSideApply.track(before: live, after: try Widget.object(data: #"{"key":"3"}"#), by: scale, schema: Widget.schema)
        #expect(#expect(throws: ApplyConflict.self) { try Widget.apply(patch, to: live, by: "me") }?.conflicts.first?.description
            == #"conflict with "hpa" with subresource "scale" using example.org/v1: .data.key"#)
    }

    @Test func forceTakesTheField() throws {
        let live = try Widget.apply(try Widget.object(data: #"{"a":"1","b":"1"}"#), to: nil, by: "other")
        let taken = try Widget.apply(try Widget.object(data: #"{"a":"2"}"#), to: live, by: "me", force: true)
        #expect(taken["data"] == ["a": "2", "b": "1"])
        #expect(taken.owned(by: "other", .apply) == #"{"f:data":{"f:b":{}}}"# && taken.owned(by: "me", .apply) == #"{"f:data":{"f:a":{}}}"#)
    }

    @Test func equalValuesAreShared() throws {
        let patch = try Widget.object(data: #"{"a":"1"}"#)
        let shared = try Widget.apply(patch, to: try Widget.apply(patch, to: nil, by: "one"), by: "two")
        #expect(shared.owned(by: "one", .apply) == shared.owned(by: "two", .apply))
        // Nobody changes a shared field alone.
        let change = try Widget.object(data: #"{"a":"2"}"#)
        #expect(#expect(throws: ApplyConflict.self) { try Widget.apply(change, to: shared, by: "one") }?.conflicts.map(\.owner.manager) == ["two"])
        // Who leaves it out gives it up, and it stays for the other.
        let given = try Widget.apply(try Widget.object(), to: shared, by: "one")
        #expect(given["data"] == ["a": "1"] && given.owned(by: "one", .apply) == nil)
        // The last owner's leaving removes it.
        let gone = try Widget.apply(try Widget.object(), to: given, by: "two")
        #expect(gone["data"] == nil && gone["metadata"] == ["name": "w"])
    }

    @Test(arguments: [
        // The applied configuration, what an ordinary write makes of it, the next configuration, what is left of the spec.
        (#"{"replicas":1,"paused":true}"#, #"{"replicas":1,"paused":true}"#, #"{"replicas":1}"#, #"{"replicas":1}"#),
        (#"{"limits":{"a":"1","b":"1"}}"#, #"{"limits":{"a":"1","b":"1"}}"#, #"{"limits":{"b":"1"}}"#, #"{"limits":{"b":"1"}}"#),
        (#"{"limits":{"a":"1"}}"#, #"{"limits":{"a":"1","c":"1"}}"#, #"{"paused":true}"#, #"{"limits":{"c":"1"},"paused":true}"#),
        (#"{"limits":{"a":"1"}}"#, #"{"limits":{"a":"1"}}"#, #"{"paused":true}"#, #"{"paused":true}"#),
        (#"{"limits":{"a":"1"}}"#, #"{"limits":{"a":"1"}}"#, #"{"limits":{}}"#, #"{"limits":{}}"#),
        (#"{"zones":["a","b"]}"#, #"{"zones":["a","b","c"]}"#, #"{"zones":["b"]}"#, #"{"zones":["b","c"]}"#),
        (#"{"selector":{"a":"1"}}"#, #"{"selector":{"a":"1"}}"#, #"{"selector":{"b":"1"}}"#, #"{"selector":{"b":"1"}}"#),
        (#"{"containers":[{"name":"a","image":"1"},{"name":"b"}]}"#, #"{"containers":[{"name":"a","image":"1"},{"name":"b"},{"name":"c"}]}"#,
         #"{"containers":[{"name":"a"}]}"#, #"{"containers":[{"name":"a"},{"name":"c"}]}"#),
        // An item goes as a whole, whoever changed a field of it.
        (#"{"containers":[{"name":"a","image":"1"},{"name":"b"}]}"#, #"{"containers":[{"name":"a","image":"2"},{"name":"b"}]}"#,
         #"{"containers":[{"name":"b"}]}"#, #"{"containers":[{"name":"b"}]}"#),
        // A free object stays while somebody owns something in it.
        (#"{"free":{"x":{"a":1}}}"#, #"{"free":{"x":{"a":1,"b":2}}}"#, #"{"paused":true}"#, #"{"free":{"x":{"b":2}},"paused":true}"#),
        // Fields that nobody owns stay as well.
        (#"{"containers":[{"name":"a","ports":[{"containerPort":80}]}]}"#, #"{"containers":[{"name":"a","ports":[{"containerPort":80}]}]}"#,
         #"{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"}]}]}"#,
         #"{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"}]}]}"#),
    ])
    func leavingOutRemoves(_ first: String, _ written: String, _ second: String, _ left: String) throws {
        let applied = try Widget.apply(try Widget.object(spec: first), to: nil, by: "me")
        let live = Widget.update(applied, to: try Widget.object(spec: written), by: "editor")
        let result = try Widget.apply(try Widget.object(spec: second), to: live, by: "me")
        #expect(result["spec"]?.text() == left)
        #expect(try Widget.apply(try Widget.object(spec: second), to: result, by: "me", now: Widget.later) == result)
    }

    @Test func removedItemsLeaveEveryEntry() throws {
        let live = try Widget.apply(try Widget.object(spec: #"{"containers":[{"name":"a","image":"1"}]}"#), to: nil, by: "me")
        let edited = Widget.update(live, to: try Widget.object(spec: #"{"containers":[{"name":"a","image":"2"}]}"#), by: "editor")
        #expect(edited.owned(by: "editor", .update) == #"{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{"f:image":{}}}}}"#)
        let gone = try Widget.apply(try Widget.object(), to: edited, by: "me")
        #expect(gone == (try Widget.object()))
    }

    @Test func fieldsOfNobodyAreTakenWithoutConflict() throws {
        var live = try Widget.apply(try Widget.object(data: #"{"a":"1"}"#), to: nil, by: "me")
        live["data"] = ["a": "1", "b": "1"]
        #expect(try Widget.apply(try Widget.object(data: #"{"a":"1","b":"2"}"#), to: live, by: "you")["data"] == ["a": "1", "b": "2"])
    }

    @Test func objectsFromBeforeTheRecordBelongToBeforeFirstApply() throws {
        let live = try Widget.object(data: #"{"a":"1","b":"1"}"#)
        let patch = try Widget.object(data: #"{"a":"2"}"#)
        #expect(#expect(throws: ApplyConflict.self) { try Widget.apply(patch, to: live, by: "me") }?.conflicts.map(\.owner.manager) == ["before-first-apply"])
        let taken = try Widget.apply(patch, to: live, by: "me", force: true)
        #expect(taken.owned(by: "before-first-apply", .update) == #"{"f:data":{".":{},"f:b":{}}}"#)
    }

    @Test func timesMoveOnlyWithOnesOwnChanges() throws {
        let one = try Widget.object(data: #"{"a":"1"}"#), two = try Widget.object(data: #"{"b":"1"}"#)
        var live = try Widget.apply(one, to: nil, by: "one")
        live = try Widget.apply(two, to: live, by: "two", now: Widget.later)
        #expect(live.time(of: "one") == Widget.start && live.time(of: "two") == Widget.later.rfc3339())
        live = try Widget.apply(try Widget.object(data: #"{"a":"1","c":"1"}"#), to: live, by: "one")
        let forced = try Widget.apply(try Widget.object(data: #"{"b":"1","a":"2"}"#), to: live, by: "two", force: true, now: Widget.later)
        #expect(forced.time(of: "one") == Widget.start, "another's taking a field is no change of one's own")
    }

    @Test func appliersKeepOneEntryAcrossVersions() throws {
        let live = try Widget.apply(try Widget.object(data: #"{"a":"1"}"#), to: nil, by: "me")
        var patch = try Widget.object(data: #"{"b":"1"}"#)
        patch["apiVersion"] = "example.org/v2"
        let writer = FieldWriter("me", apiVersion: "example.org/v2", now: Widget.now)
        let result = try ServerSideApply.apply(live: live, patch: patch, by: writer, schema: Widget.schema)
        #expect(result["data"] == ["b": "1"])
        #expect(result["metadata"]?["managedFields"]?.arrayValue?.map { $0["apiVersion"] } == ["example.org/v2"])
    }

    @Test func statusIsASubresourceOfItsOwn() throws {
        var patch = try Widget.object(spec: #"{"replicas":1}"#, metadata: #""labels":{"a":"b"}"#)
        patch["status"] = ["ready": 1]
        let main = try ServerSideApply.apply(live: nil, patch: patch, by: Widget.writer("me", .withoutStatus), schema: Widget.schema)
        #expect(main["status"] == nil && main["spec"] == ["replicas": 1])
        patch["spec"] = ["replicas": 9]
        patch["metadata"] = ["name": "w", "labels": ["a": "z"]]
        let status = try ServerSideApply.apply(live: main, patch: patch, by: Widget.writer("me", .statusOnly, subresource: "status"), schema: Widget.schema)
        #expect(status["status"] == ["ready": 1] && status["spec"] == ["replicas": 1] && status["metadata"]?["labels"] == ["a": "b"])
        #expect(status["metadata"]?["managedFields"]?.arrayValue?.map { $0["subresource"] } == [nil, "status"])
    }

    @Test func aResourceVersionIsKeptForTheStoreToCompare() throws {
        let live = try Widget.apply(try Widget.object(data: #"{"a":"1"}"#), to: nil, by: "me")
        let patch = try Widget.object(data: #"{"a":"1"}"#, metadata: #""resourceVersion":"7","generation":9,"creationTimestamp":null"#)
        #expect(try Widget.apply(patch, to: live, by: "me").bare["metadata"] == ["name": "w", "resourceVersion": "7"])
    }

    @Test(arguments: [
        (#"[]"#, "apply: expected an object"), (#"{"kind":"Widget"}"#, "apply: apiVersion: is required"), (#"{"apiVersion":"example.org/v1"}"#, "kind: is required"),
        (#"{"apiVersion":"v1","kind":"Widget"}"#, "apiVersion: must be \"example.org/v1\""),
        (#"{"apiVersion":"example.org/v1","kind":"Widget","metadata":{"managedFields":[{}]}}"#, "metadata.managedFields: must be nil"),
        (#"{"apiVersion":"example.org/v1","kind":"Widget","metadata":[]}"#, "metadata: expected an object, got a list"),
        (#"{"apiVersion":"example.org/v1","kind":"Widget","spec":{"containers":[{"name":"a"},{"name":"a"}]}}"#, "spec.containers[1]: has the keys of item 0: name"),
        (#"{"apiVersion":"example.org/v1","kind":"Widget","spec":{"containers":[null]}}"#, "spec.containers[0]: must not be null"),
        (#"{"apiVersion":"example.org/v1","kind":"Widget","spec":{"containers":[{"image":"x"}]}}"#, "spec.containers[0].name: is required"),
        (#"{"apiVersion":"example.org/v1","kind":"Widget","spec":{"containers":[{"name":[]}]}}"#, "spec.containers[0].name: expected a scalar"),
        (#"{"apiVersion":"example.org/v1","kind":"Widget","spec":{"zones":["a","a"]}}"#, "spec.zones[1]: repeats item 0"),
        (#"{"apiVersion":"example.org/v1","kind":"Widget","spec":{"zones":[null]}}"#, "spec.zones[0]: must not be null"),
        (#"{"apiVersion":"example.org/v1","kind":"Widget","metadata":{"finalizers":["a","a"]}}"#, "metadata.finalizers[1]: repeats item 0"),
        (#"{"apiVersion":"example.org/v1","kind":"Widget","spec":{"containers":[{"name":"a","ports":[{"containerPort":1},{"containerPort":1,"protocol":"TCP"}]}]}}"#,
         "spec.containers[0].ports[1]: has the keys of item 0: containerPort, protocol"),
    ])
    func refuses(_ patch: String, _ message: String) throws {
        let patch = try JSONParser.parse(patch)
        let error = #expect(throws: MonoflowError.self) { try Widget.apply(patch, to: nil, by: "me") }
        #expect(error?.code == .invalidArgument && error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test func nullsCountWhereTheSchemaAllowsThem() throws {
        let made = try Widget.apply(try Widget.object(spec: #"{"note":null,"replicas":null,"free":{"x":null},"limits":{"a":null}}"#), to: nil, by: "me")
        #expect(made["spec"]?.text() == #"{"note":null,"free":{"x":null},"limits":{}}"#)
        #expect(made.owned(by: "me", .apply) == #"{"f:spec":{"f:free":{"f:x":{}},"f:limits":{},"f:note":{}}}"#)
    }

    /// A list that became atomic belongs to those who owned its items; one that became granular belongs to nobody.
    @Test func aChangedTopologyFollowsTheDocumentation() throws {
        let granular = Schema.object(["spec": .object(["data": .map(.string())])])
        let atomic = Schema.object(["spec": .object(["data": Schema(.object, additional: .string(), mapType: .atomic)])])
        func apply(_ spec: String, _ live: JSON?, _ manager: String, _ schema: Schema) throws -> JSON {
            try ServerSideApply.apply(live: live, patch: try Widget.object(spec: spec), by: Widget.writer(manager), schema: schema)
        }
        let change = #"{"data":{"key1":"x"}}"#
        let divided = try apply(#"{"data":{"key1":"a","key2":"b"}}"#, nil, "one", granular)
        #expect(throws: ApplyConflict.self) { try apply(change, divided, "two", atomic) }
        let whole = try apply(#"{"data":{"key1":"a","key2":"b"}}"#, nil, "one", atomic)
        #expect(try apply(change, whole, "two", granular)["spec"]?["data"] == ["key1": "x", "key2": "b"])
    }

    @Test func aValueOfAnotherKindIsAChangeOfAllBelow() throws {
        let live = try Widget.apply(try Widget.object(spec: #"{"free":{"x":{"a":1}}}"#), to: nil, by: "one")
        let patch = try Widget.object(spec: #"{"free":{"x":5}}"#)
        #expect(#expect(throws: ApplyConflict.self) { try Widget.apply(patch, to: live, by: "two") }?.conflicts.map(\.field) == [".spec.free.x", ".spec.free.x.a"])
        let taken = try Widget.apply(patch, to: live, by: "two", force: true)
        #expect(taken["spec"] == ["free": ["x": 5]] && taken.owned(by: "one", .apply) == nil)
    }
}
