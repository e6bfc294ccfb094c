import Core
import Resources

let tester = WriteOptions(manager: "test")

extension JSON {
    var name: String { self["metadata"]?["name"]?.stringValue ?? "" }
    var uid: String { self["metadata"]?["uid"]?.stringValue ?? "" }
    var version: String { self["metadata"]?["resourceVersion"]?.stringValue ?? "" }
    var generation: Int64? { self["metadata"]?["generation"]?.intValue }
    var finalizers: [String] { self["metadata"]?["finalizers"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    var owners: [String] { self["metadata"]?["ownerReferences"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? [] }
    var isBeingDeleted: Bool { self["metadata"]?["deletionTimestamp"]?.stringValue != nil }

    /// The same with the members of every object in the order of their names.
    var sorted: JSON {
        switch self {
        case .object(let members): .object(JSONObject(uniqueKeysWithValues: members.map { ($0.key, $0.value.sorted) }.sorted { $0.0 < $1.0 }))
        case .array(let items): .array(items.map(\.sorted))
        default: self
        }
    }

    /// A reference to this object as an owner.
    func owner(blocks: Bool = false) -> JSON {
        .make([
            "apiVersion": self["apiVersion"], "kind": self["kind"], "name": .string(name), "uid": .string(uid), "blockOwnerDeletion": blocks ? true : nil,
        ])
    }
}

func configMap(_ name: String, _ data: JSON = ["a": "1"], labels: JSON? = nil, owners: [JSON] = [], finalizers: [JSON] = []) -> JSON {
    .make([
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": .make([
            "name": .string(name), "labels": labels, "ownerReferences": owners.isEmpty ? nil : .array(owners), "finalizers": finalizers.isEmpty ? nil : .array(finalizers),
        ]),
        "data": data,
    ])
}

/// A definition of the kind Widget, `widgets.example.com`, whose `spec` has a text `color` and a number `size`.
func widgetDefinition(versions: [String] = ["v1"], stored: String = "v1", plural: String = "widgets", kind: String = "Widget", shortName: String? = nil) -> JSON {
    let properties: JSON = [
        "spec": ["type": "object", "properties": ["color": ["type": "string"], "size": ["type": "integer"]]],
        "status": ["type": "object", "properties": ["phase": ["type": "string"]]],
    ]
    return [
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": ["name": .string(plural + ".example.com")],
        "spec": [
            "group": "example.com", "scope": "Namespaced",
            "names": .make(["plural": .string(plural), "kind": .string(kind), "shortNames": shortName.map { [.string($0)] }]),
            "versions": .array(versions.map { version in
                [
                    "name": .string(version), "served": true, "storage": .bool(version == stored),
                    "schema": ["openAPIV3Schema": ["type": "object", "properties": properties]], "subresources": ["status": [:]],
                    "selectableFields": [["jsonPath": ".spec.color"]],
                ]
            }),
        ],
    ]
}

func widget(_ name: String, _ spec: JSON = ["color": "red", "size": 1], version: String = "v1", finalizers: [JSON] = []) -> JSON {
    .make([
        "apiVersion": .string("example.com/" + version), "kind": "Widget",
        "metadata": .make(["name": .string(name), "finalizers": finalizers.isEmpty ? nil : .array(finalizers)]), "spec": spec,
    ])
}

let definitionKind = "customresourcedefinitions.apiextensions.k8s.io"

extension ResourcesFixture {
    /// Stores the definition, and names its kind.
    func define(_ definition: JSON = widgetDefinition(), key: String = "widgets.example.com") async throws -> KindReference? {
        guard let definitions = kind(definitionKind) else { return nil }
        _ = try await service.create(definitions, namespace: "", definition, tester)
        return kind(key)
    }
}
