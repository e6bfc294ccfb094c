import Core
import Testing
@testable import Resources

@Suite struct FieldSetBuilderTests {
    private func applied(_ spec: String, _ schema: Schema? = Widget.schema) throws -> String? {
        FieldSetBuilder.applied(try Widget.object(spec: spec), schema, .whole).json["f:spec"]?.text()
    }

    @Test(arguments: [
        (#"{"replicas":1,"paused":null}"#, #"{"f:paused":{},"f:replicas":{}}"#),
        (#"{"selector":{"a":"b"}}"#, #"{"f:selector":{}}"#),
        (#"{"limits":{"cpu":"1"},"template":{"a":"x"}}"#, #"{"f:limits":{"f:cpu":{}},"f:template":{"f:a":{}}}"#),
        (#"{"limits":{},"zones":[],"containers":[]}"#, #"{"f:containers":{},"f:limits":{},"f:zones":{}}"#),
        (#"{"zones":["b","a"]}"#, #"{"f:zones":{"v:\"a\"":{},"v:\"b\"":{}}}"#),
        (#"{"containers":[{"name":"a","args":["x"]}]}"#, #"{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:args":{},"f:name":{}}}}"#),
        (#"{"containers":[{"name":"a","ports":[{"containerPort":80}],"env":[{"name":"E"}]}]}"#,
         #"{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:env":{"k:{\"name\":\"E\"}":{".":{},"f:name":{}}},"f:name":{},"#
            + #""f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}"#),
        (#"{"free":{"x":{"y":1,"z":[1,2]}}}"#, #"{"f:free":{"f:x":{".":{},"f:y":{},"f:z":{}}}}"#),
    ])
    func dividesBySchema(_ spec: String, _ fields: String) throws {
        #expect(try applied(spec) == fields)
    }

    @Test func withoutSchema() throws {
        #expect(try applied(#"{"a":{"b":1},"list":[{"name":"x"}]}"#, nil) == #"{".":{},"f:a":{".":{},"f:b":{}},"f:list":{}}"#)
    }

    @Test func writersOwnTheNodesTheyCreate() throws {
        let object = try Widget.object(spec: #"{"template":{"a":"x"},"zones":["a"]}"#)
        #expect(FieldSetBuilder.written(object, Widget.schema, .whole).json.text()
            == #"{"f:spec":{".":{},"f:template":{".":{},"f:a":{}},"f:zones":{".":{},"v:\"a\"":{}}}}"#)
    }

    @Test func nobodyOwnsIdentityOrWhatTheServerKeeps() throws {
        let metadata = #""namespace":"n","uid":"u","resourceVersion":"1","generation":1,"creationTimestamp":"t","deletionTimestamp":"t","managedFields":[],"#
            + #""selfLink":"s","labels":{"a":"b"},"finalizers":["f"],"ownerReferences":[{"uid":"o","name":"p"}],"generateName":"g""#
        var object = try Widget.object(spec: #"{"replicas":1}"#, metadata: metadata)
        object["status"] = ["ready": 1]
        let meta = #"{"f:finalizers":{"v:\"f\"":{}},"f:generateName":{},"f:labels":{"f:a":{}},"f:ownerReferences":{"k:{\"uid\":\"o\"}":{}}}"#
        let spec = #""f:spec":{"f:replicas":{}}"#, status = #""f:status":{"f:ready":{}}"#
        func fields(_ scope: FieldScope) -> String { FieldSetBuilder.applied(object, Widget.schema, scope).json.text() }
        #expect(fields(.whole) == #"{"f:metadata":"# + meta + "," + spec + "," + status + "}")
        #expect(fields(.withoutStatus) == #"{"f:metadata":"# + meta + "," + spec + "}")
        #expect(fields(.statusOnly) == "{" + status + "}")
        #expect(FieldSetBuilder.applied(try Widget.object(), nil, .whole).isEmpty)
    }

    /// What nests deeper than a set may is owned as a whole, so that the set can be stored and read.
    @Test func boundedInDepth() throws {
        let deep = String(repeating: #"{"a":"#, count: 200) + "1" + String(repeating: "}", count: 200)
        let set = FieldSetBuilder.applied(try Widget.object(spec: deep), nil, .whole)
        #expect(try FieldSet(json: JSONParser.parse(set.json.text())) == set)
        #expect(set.leaves.map(\.count) == [FieldSet.maximumDepth])
    }

    @Test func itemsWithEqualKeysAreOne() throws {
        #expect(try applied(#"{"containers":[{"name":"a","image":"x"},{"name":"a","args":[]},7,{}]}"#)
            == #"{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:args":{},"f:image":{},"f:name":{}},"k:{\"name\":null}":{},"v:7":{}}}"#)
    }
}
