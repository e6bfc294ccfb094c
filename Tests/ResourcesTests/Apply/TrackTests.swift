import Core
import Testing
@testable import Resources

@Suite struct TrackTests {
    @Test func theCreatorOwnsEverything() throws {
        let made = Widget.update(nil, to: try Widget.object(spec: #"{"zones":["a"],"replicas":1}"#, metadata: #""labels":{"a":"b"}"#), by: "python")
        #expect(made.owned(by: "python", .update)
            == #"{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{".":{},"f:replicas":{},"f:zones":{".":{},"v:\"a\"":{}}}}"#)
    }

    @Test func changesMoveAndRemovalsLeave() throws {
        let live = Widget.update(nil, to: try Widget.object(data: #"{"a":"1","b":"1","c":"1"}"#), by: "one")
        let next = Widget.update(live, to: try Widget.object(data: #"{"a":"2","b":"1","d":"1"}"#), by: "two", now: Widget.later)
        #expect(next.owned(by: "one", .update) == #"{"f:data":{".":{},"f:b":{}}}"# && next.time(of: "one") == Widget.start)
        #expect(next.owned(by: "two", .update) == #"{"f:data":{"f:a":{},"f:d":{}}}"# && next.time(of: "two") == Widget.later.rfc3339())
        let gone = Widget.update(next, to: try Widget.object(data: #"{"b":"1"}"#), by: "three")
        #expect(gone.owned(by: "two", .update) == nil && gone.owned(by: "three", .update) == nil && gone.owned(by: "one", .update) != nil)
    }

    @Test func appliersLoseWhatAnotherWrites() throws {
        let live = try Widget.apply(try Widget.object(spec: #"{"replicas":1,"paused":true}"#), to: nil, by: "me")
        let scaled = Widget.update(live, to: try Widget.object(spec: #"{"replicas":5,"paused":true}"#), by: "hpa")
        #expect(scaled.owned(by: "me", .apply) == #"{"f:spec":{"f:paused":{}}}"# && scaled.owned(by: "hpa", .update) == #"{"f:spec":{"f:replicas":{}}}"#)
        // The documented handover: once another owns the field, leaving it out keeps its value.
        #expect(try Widget.apply(try Widget.object(spec: #"{"paused":true}"#), to: scaled, by: "me")["spec"]?["replicas"] == 5)
    }

    @Test func writesWithoutAChangeRecordNothing() throws {
        let live = Widget.update(nil, to: try Widget.object(spec: #"{"containers":[{"name":"a","image":"1"},{"name":"b"}],"selector":{"x":"1","y":"2"}}"#), by: "one")
        let other = try Widget.object(spec: #"{"selector":{"y":"2","x":"1"},"containers":[{"name":"b"},{"image":"1","name":"a"}]}"#)
        let next = Widget.update(live, to: other, by: "two", now: Widget.later)
        #expect(next["metadata"]?["managedFields"] == live["metadata"]?["managedFields"])
        #expect(Widget.update(live, to: live, by: "two", now: Widget.later) == live)
    }

    @Test func clientsMayWriteEntriesAndClearThem() throws {
        let live = Widget.update(nil, to: try Widget.object(data: #"{"a":"1"}"#), by: "one")
        func write(_ managed: String, data: String = #"{"a":"1"}"#) throws -> JSON {
            Widget.update(live, to: try Widget.object(data: data, metadata: #""managedFields":"# + managed), by: "two")
        }
        #expect(try write("[{}]") == (try Widget.object(data: #"{"a":"1"}"#)))
        // The reset comes first, then the write is recorded.
        let reset = try write("[{}]", data: #"{"a":"2"}"#)
        #expect(reset.owned(by: "two", .update) == #"{"f:data":{"f:a":{}}}"# && reset.owned(by: "one", .update) == nil)
        // An empty list or nonsense is not meant.
        for managed in ["[]", "null", "[7]", #"[{"manager":"x","operation":"Steal"}]"#] { #expect(try write(managed) == live, "\(managed)") }
        let moved = try write(#"[{"manager":"three","operation":"Apply","apiVersion":"example.org/v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:a":{}}}}]"#)
        #expect(moved.owned(by: "three", .apply) == #"{"f:data":{"f:a":{}}}"# && moved.owned(by: "one", .update) == nil)
    }

    /// Entries that a client wrote may name fields that are not there.
    @Test func whoAddsAFieldOwnsItAlone() throws {
        let claim = #""managedFields":[{"manager":"x","operation":"Apply","apiVersion":"example.org/v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:b":{}}}}]"#
        let live = try Widget.object(data: #"{"a":"1"}"#, metadata: claim)
        let next = Widget.update(live, to: try Widget.object(data: #"{"a":"1","b":"1"}"#), by: "y")
        #expect(next.owned(by: "x", .apply) == nil && next.owned(by: "y", .update) == #"{"f:data":{"f:b":{}}}"#)
        let patch = try Widget.object(data: #"{"b":"1"}"#)
        #expect(#expect(throws: ApplyConflict.self) { try Widget.apply(patch, to: live, by: "z") }?.conflicts.map(\.field) == [".data.b"])
        #expect(try Widget.apply(patch, to: live, by: "z", force: true).owned(by: "x", .apply) == nil)
    }

    @Test func entriesAreApartByVersionAndSubresource() throws {
        var live = Widget.update(nil, to: try Widget.object(data: #"{"a":"1"}"#), by: "m")
        func write(_ data: String, _ writer: FieldWriter) throws {
            live = ServerSideApply.track(before: live, after: try Widget.object(data: data), by: writer, schema: Widget.schema)
        }
        try write(#"{"a":"1","b":"1"}"#, Widget.writer("m", subresource: "scale"))
        try write(#"{"a":"1","b":"1","c":"1"}"#, FieldWriter("m", apiVersion: "example.org/v2", now: Widget.now))
        #expect(try ManagedFields(of: live).entries.map { $0.owner.apiVersion + "|" + $0.owner.subresource }
            == ["example.org/v1|", "example.org/v1|scale", "example.org/v2|"])
        var after = live.bare
        after["status"] = ["ready": 1]
        after["data"] = ["a": "9"]
        let status = ServerSideApply.track(before: live, after: after, by: Widget.writer("k", .statusOnly, subresource: "status"), schema: Widget.schema)
        #expect(status.owned(by: "k", .update) == #"{"f:status":{".":{},"f:ready":{}}}"#)
    }

    @Test func oldWritersBecomeAncient() throws {
        var live = try Widget.apply(try Widget.object(data: #"{"z":"1"}"#), to: nil, by: "applier")
        for index in 10..<25 {
            var after = live.bare
            after["data"] = .object((after["data"]?.objectValue ?? [:]).merging(["k\(index)": "1"]) { $1 })
            live = Widget.update(live, to: after, by: "m\(index)", now: Timestamp(milliseconds: Widget.now.milliseconds + Int64(index) * 1000))
        }
        let entries = try ManagedFields(of: live).entries
        #expect(entries.map(\.owner.manager) == ["applier", "ancient-changes"] + (16..<25).map { "m\($0)" })
        #expect(entries[1].fields == FieldSet((10..<16).map { [.field("data"), .field("k\($0)")] }))
        #expect(entries[1].time == Timestamp(milliseconds: Widget.now.milliseconds + 15_000).rfc3339())
    }

    @Test func itemsOfEqualKeysChangeTogether() throws {
        let live = Widget.update(nil, to: try Widget.object(spec: #"{"containers":[{"name":"a","image":"1"},{"name":"a","image":"2"},{"name":"b"}]}"#), by: "one")
        let next = Widget.update(live, to: try Widget.object(spec: #"{"containers":[{"name":"a","image":"1"},{"name":"a","image":"3"},{"name":"b"}]}"#), by: "two")
        #expect(next.owned(by: "two", .update) == #"{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:image":{},"f:name":{}}}}}"#)
        #expect(next.owned(by: "one", .update) == #"{"f:spec":{".":{},"f:containers":{".":{},"k:{\"name\":\"b\"}":{".":{},"f:name":{}}}}}"#)
    }

    @Test(arguments: [
        (#"{}"#, "expected a list"), (#"[7]"#, "managedFields[0]: expected an object"), (#"[{"operation":"X"}]"#, "managedFields[0]: operation: must be"),
        (#"[{"operation":"Apply","fieldsType":"V2"}]"#, "fieldsType: must be"), (#"[{"operation":"Apply","fieldsType":"FieldsV1"}]"#, "apiVersion: must not be empty"),
        (#"[{"operation":"Apply","fieldsType":"FieldsV1","apiVersion":"v1","manager":1}]"#, "manager: expected a string"),
        (#"[{"operation":"Apply","fieldsType":"FieldsV1","apiVersion":"v1","fieldsV1":{"f:a":{"b":{}}}}]"#, "fieldsV1.f:a: \"b\" is no path element"),
    ])
    func entriesThatCannotBeRead(_ text: String, _ message: String) throws {
        let json = try JSONParser.parse(text)
        let error = #expect(throws: MonoflowError.self) { try ManagedFields(json: json) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }
}
