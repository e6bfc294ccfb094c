import Core
import OrderedCollections
import Testing
@testable import Resources

/// A kind with every way of dividing a document.
enum Widget {
    static let port = Schema.object(["containerPort": .integer(), "protocol": .string(fallback: "TCP"), "name": .string()])
    static let container = Schema.object([
        "name": .string(), "image": .string(), "args": .list(.string()), "ports": .keyedList(["containerPort", "protocol"], port),
        "env": Schema(.array, items: .object(["name": .string(), "value": .string()]), patchKey: "name"),
    ])
    static let schema = Schema.object([
        "apiVersion": .string(), "kind": .string(), "metadata": Schema(.object),
        "spec": .object([
            "replicas": .integer(), "paused": .boolean(), "containers": .keyedList(["name"], container), "zones": .set(.string()),
            "selector": Schema(.object, additional: .string(), mapType: .atomic), "limits": .map(.string()), "free": .anyObject(),
            "note": Schema(.string, isNullable: true), "template": .object(["a": .string(), "b": .string()]),
        ]),
        "data": .map(.string()), "status": .object(["ready": .integer(), "conditions": .keyedList(["type"], .object(["type": .string(), "status": .string()]))]),
    ])

    static let now = Timestamp(milliseconds: 1_700_000_000_000)
    static let start = now.rfc3339()
    static let later = Timestamp(milliseconds: 1_700_000_060_000)

    static func writer(_ manager: String, _ scope: FieldScope = .whole, subresource: String = "", now: Timestamp = now) -> FieldWriter {
        FieldWriter(manager, apiVersion: "example.org/v1", subresource: subresource, scope: scope, now: now)
    }

    /// An object of the kind with this spec, written in JSON.
    static func object(spec: String = "", data: String = "", metadata: String = "") throws -> JSON {
        var parts = ["\"apiVersion\":\"example.org/v1\",\"kind\":\"Widget\",\"metadata\":{\"name\":\"w\"\(metadata.isEmpty ? "" : "," + metadata)}"]
        if !spec.isEmpty { parts.append("\"spec\":" + spec) }
        if !data.isEmpty { parts.append("\"data\":" + data) }
        return try JSONParser.parse("{" + parts.joined(separator: ",") + "}")
    }

    static func apply(_ patch: JSON, to live: JSON?, by manager: String, force: Bool = false, now: Timestamp = now) throws -> JSON {
        try ServerSideApply.apply(live: live, patch: patch, by: writer(manager, now: now), force: force, schema: schema)
    }

    static func update(_ live: JSON?, to after: JSON, by manager: String, now: Timestamp = now) -> JSON {
        ServerSideApply.track(before: live, after: after, by: writer(manager, now: now), schema: schema)
    }
}

extension JSON {
    /// The object without what says who owns it.
    var bare: JSON {
        guard case .object(var metadata)? = self["metadata"] else { return self }
        metadata["managedFields"] = nil
        var result = self
        result["metadata"] = .object(metadata)
        return result
    }

    /// The fields of a manager as `fieldsV1` text; nil where it has no entry.
    func owned(by manager: String, _ operation: ManagedFields.Operation) -> String? {
        let entries = self["metadata"]?["managedFields"]?.arrayValue ?? []
        return entries.first { $0["manager"]?.stringValue == manager && $0["operation"]?.stringValue == operation.rawValue }?["fieldsV1"]?.text()
    }

    func time(of manager: String) -> String? {
        (self["metadata"]?["managedFields"]?.arrayValue ?? []).first { $0["manager"]?.stringValue == manager }?["time"]?.stringValue
    }
}
