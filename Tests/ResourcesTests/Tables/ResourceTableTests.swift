import Core
@testable import Resources
import Testing

@Suite struct ResourceTableTests {
    static let now = Timestamp(milliseconds: TimeText.milliseconds("2026-11-24T09:00:00Z") ?? 0)

    private func table(_ key: String, include: String? = nil) throws -> ResourceTable {
        let kind = try #require(KindTable().kind(key: key))
        return ResourceTable(kind, try #require(kind.storedVersion), include: include, now: Self.now)
    }

    private func custom(_ columns: [PrinterColumn]) -> ResourceTable {
        let version = KindVersion("v1", schema: ObjectMetaSchema.resource([:]), columns: [.name] + columns)
        return ResourceTable(KindDefinition(group: "a.io", kind: "Thing", plural: "things", versions: [version]), version, include: nil, now: Self.now)
    }

    @Test func shape() throws {
        let object = try json(#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","creationTimestamp":"2026-11-24T08:56:40Z"},"data":{"x":"1"},"binaryData":{"y":"","z":""}}"#)
        let result = try table("configmaps").json([object], metadata: ["resourceVersion": "7"])
        #expect(result == [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": ["resourceVersion": "7"],
            "columnDefinitions": [
                ["name": "Name", "type": "string", "format": "name", "description": "Name of the object, unique in its namespace.", "priority": 0],
                ["name": "Data", "type": "integer", "format": "", "description": "", "priority": 0],
                ["name": "Age", "type": "date", "format": "", "description": "Time since the object was created.", "priority": 0],
            ],
            "rows": [[
                "cells": ["a", 3, "3m20s"],
                "object": ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": ["name": "a", "creationTimestamp": "2026-11-24T08:56:40Z"]],
            ]],
        ])
        #expect(try table("configmaps", include: "None").json([object], metadata: [:])["rows"]?[0]?["object"] == .null)
        #expect(try table("configmaps", include: "Object").json([object], metadata: [:])["rows"]?[0]?["object"] == object)
        #expect(try table("configmaps").json([], metadata: [:])["rows"] == [])
    }

    /// Type of the column, value at its path, cell.
    @Test(arguments: [
        ("string", #""x""#, #""x""#), ("string", "5", #""5""#), ("string", "true", #""true""#), ("string", "[1,2]", #""[1,2]""#), ("string", #"{"a":"b"}"#, #""{\"a\":\"b\"}""#),
        ("string", "null", "null"), ("integer", "5", "5"), ("integer", "5.9", "5"), ("integer", #""5""#, "null"), ("integer", "1e300", "null"), ("number", "5", "5"), ("number", "5.5", "5.5"),
        ("number", #""x""#, "null"), ("boolean", "false", "false"), ("boolean", #""true""#, "null"), ("date", #""2026-11-24T08:59:50Z""#, #""10s""#),
        ("date", #""yesterday""#, #""<invalid>""#), ("date", "5", "null"), ("date", "null", "null"), ("date", #""2026-11-24T09:00:20Z""#, #""<invalid>""#),
    ])
    func cellsOfPaths(type: String, value: String, cell: String) throws {
        let column = PrinterColumn("X", try #require(PrinterColumn.ValueType(rawValue: type)), ".spec.x")
        let object: JSON = ["metadata": ["name": "a"], "spec": ["x": try json(value)]]
        #expect(custom([column]).json([object], metadata: [:])["rows"]?[0]?["cells"]?[1] == (try json(cell)))
    }

    @Test func pathsWithoutValueAndPathsThatCannotBeRead() throws {
        let table = custom([PrinterColumn("A", .string, ".spec.a"), PrinterColumn("B", .string, "..b["), PrinterColumn("C", .string, ".spec.list[*]")])
        let object: JSON = ["metadata": ["name": "a"], "spec": ["list": ["first", "second"]]]
        #expect(table.json([object, 5], metadata: [:])["rows"]?.arrayValue?.map { $0["cells"] } == [["a", .null, .null, "first"], [.null, .null, .null, .null]])
    }

    @Test func agesCountToTheTimeThatIsSet() throws {
        var table = try table("configmaps")
        table.now = Timestamp(milliseconds: Self.now.milliseconds + 60_000)
        let object: JSON = ["metadata": ["name": "a", "creationTimestamp": "2026-11-24T09:00:00Z"]]
        #expect(table.json([object], metadata: [:])["rows"]?[0]?["cells"] == ["a", 0, "60s"])
    }

    /// Key of the kind, the object's content, and the cells from the second on.
    @Test(arguments: [
        ("secrets", #"{"type":"Opaque","data":{"a":"","b":""}}"#, #"["Opaque",2,null]"#),
        ("serviceaccounts", #"{"secrets":[{"name":"s"}]}"#, "[1,null]"),
        ("persistentvolumeclaims", #"{"spec":{"accessModes":["ReadWriteMany","ReadWriteOnce","ReadWriteOnce","Odd"],"volumeMode":"Filesystem"},"status":{"phase":"Bound","capacity":{"storage":"1Gi"}}}"#,
         #"["Bound",null,"1Gi","RWO,RWX",null,null,"Filesystem"]"#),
        ("jobs.batch", #"{"spec":{"completions":3,"template":{"spec":{"containers":[{"name":"a","image":"i"},{"name":"b","image":"j"}]}},"selector":{"matchLabels":{"z":"1","y":"2"}}},"status":{"succeeded":1,"startTime":"2026-11-24T08:50:00Z"}}"#,
         #"["Running","1/3","10m",null,"a,b","i,j","y=2,z=1"]"#),
        ("jobs.batch", #"{"spec":{"parallelism":4},"status":{"conditions":[{"type":"Complete","status":"True"}],"succeeded":1,"startTime":"2026-11-24T08:00:00Z","completionTime":"2026-11-24T08:00:07Z"}}"#,
         #"["Complete","1/1 of 4","7s",null,"","","<none>"]"#),
        ("jobs.batch", #"{"spec":{"parallelism":1},"status":{"conditions":[{"type":"Failed","status":"True","lastTransitionTime":"2026-11-24T08:00:30Z"}],"startTime":"2026-11-24T08:00:00Z"}}"#,
         #"["Failed","0/1","30s",null,"","","<none>"]"#),
        ("jobs.batch", #"{"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"Odd"}]}},"status":{"conditions":[{"type":"Suspended","status":"True"}]}}"#, #"["Suspended","0/1","",null,"","","<error>"]"#),
        ("jobs.batch", #"{"metadata":{"deletionTimestamp":"2026-11-24T08:00:30Z"},"status":{"conditions":[{"type":"Suspended","status":"False"}]}}"#, #"["Terminating","0/1","",null,"","","<none>"]"#),
        ("cronjobs.batch", #"{"spec":{"schedule":"0 * * * *","suspend":false,"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"i"}]}}}}},"status":{"active":[{"name":"x"}],"lastScheduleTime":"2026-11-24T08:00:00Z"}}"#,
         #"["0 * * * *",null,false,1,"60m",null,"a","i","<none>"]"#),
        ("namespaces", #"{"status":{"phase":"Active"}}"#, #"["Active",null]"#),
    ])
    func cellsOfKinds(key: String, content: String, cells: String) throws {
        let rows = try table(key).json([try json(content)], metadata: [:])["rows"]
        #expect(try #require(rows?[0]?["cells"]?.arrayValue).dropFirst() == #require(json(cells).arrayValue)[...])
    }

    /// The event, then age of the last, object, source, age of the first.
    @Test(arguments: [
        (#"{"involvedObject":{"kind":"Pod","name":"p"},"firstTimestamp":"2026-11-24T08:00:00Z","lastTimestamp":"2026-11-24T08:59:00Z","source":{"component":"kopf","host":"h"}}"#, ["60s", "pod/p", "kopf, h", "60m"]),
        (#"{"involvedObject":{"kind":"Pod"},"eventTime":"2026-11-24T08:58:00.001Z","firstTimestamp":null,"reportingComponent":"c","reportingInstance":"i"}"#, ["119s", "pod", "c, i", "119s"]),
        (#"{"involvedObject":{"kind":"Job","name":"j"},"firstTimestamp":"2026-11-24T08:00:00Z","lastTimestamp":"2026-11-24T08:10:00Z","series":{"lastObservedTime":"2026-11-24T08:59:59Z"},"source":{}}"#, ["1s", "job/j", "", "60m"]),
        (#"{"lastTimestamp":"never"}"#, ["<invalid>", "", "", "<unknown>"]),
    ])
    func events(content: String, expected: [String]) throws {
        let cells = try table("events").json([try json(content)], metadata: [:])["rows"]?[0]?["cells"]
        #expect([cells?[0], cells?[3], cells?[5], cells?[7]] == expected.map { .string($0) })
    }

    @Test func everyBuiltInKindHasACellForEachColumn() {
        for kind in BuiltInKinds.all {
            for version in kind.versions {
                let result = ResourceTable(kind, version, include: nil, now: Self.now).json([[:], .null], metadata: [:])
                #expect(result["rows"]?.arrayValue?.allSatisfy { $0["cells"]?.arrayValue?.count == version.columns.count } == true)
                for column in version.columns { if let path = column.jsonPath { #expect(throws: Never.self) { try JSONPath(path) } } }
            }
        }
    }
}
