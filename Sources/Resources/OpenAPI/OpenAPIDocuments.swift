import Core
import OrderedCollections

/// The OpenAPI documents of the kinds that are served at one time. Made anew at each call: who serves them keeps them.
public struct OpenAPIDocuments: Sendable {
    let table: KindTable
    let version: String

    /// - Parameter version: of the server, as the documents have it.
    public init(_ table: KindTable, version: String = "unversioned") {
        self.table = table
        self.version = version
    }

    /// The answer to `GET /openapi/v3`: where the document of each group and version is, the hash of its content with it.
    public func index() -> JSON {
        var paths: JSONObject = [:]
        for group in table.groups {
            for version in group.versions {
                guard let document = document(group: group.name, version: version) else { continue }
                let path = group.name.isEmpty ? "api/\(version)" : "apis/\(group.name)/\(version)"
                paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(Self.hash(document))")]
            }
        }
        return ["paths": .object(paths)]
    }

    /// As the index has it: SHA-256 of the document's text, in hex.
    public static func hash(_ document: JSON) -> String { Hashing.hex(Hashing.sha256(document.serialized())) }

    /// The answer to `GET /openapi/v3/apis/{group}/{version}`, or `/openapi/v3/api/v1` for the core group: OpenAPI 3.0.
    /// - Parameter group: empty for the core group.
    /// - Returns: nil where no kind is served there.
    public func document(group: String, version: String) -> JSON? {
        let kinds = table.kinds(group: group, version: version)
        if kinds.isEmpty { return nil }
        var schemas: JSONObject = [:], paths: JSONObject = [:]
        let writer = SchemaWriter(references: [ObjectIdentifier(ObjectMetaSchema.schema): Self.reference(SchemaNames.objectMeta)])
        for kind in kinds {
            guard let definition = kind.version(version) else { continue }
            let name = SchemaNames.name(kind, version), identity = SchemaNames.identity(kind, version)
            var schema = writer.json(definition.schema)
            schema["x-kubernetes-group-version-kind"] = [identity]
            schemas[name] = schema
            let item: JSON = ["allOf": [["$ref": .string(Self.reference(name))]]]
            schemas[name + "List"] = Self.list(kind, version, item: item, meta: Self.reference(SchemaNames.listMeta))
            for path in APIPath.all(of: kind, definition) { paths[path.path] = Self.path(path, kind, definition) }
        }
        schemas[SchemaNames.objectMeta] = writer.json(ObjectMetaSchema.schema)
        schemas[SchemaNames.listMeta] = Self.listMeta
        return [
            "openapi": "3.0.0", "info": ["title": "Monoflow", "version": .string(self.version)],
            "paths": .object(paths), "components": ["schemas": .object(schemas)],
        ]
    }

    static let listMeta: JSON = [
        "type": "object", "description": "Metadata of a list.",
        "properties": [
            "resourceVersion": ["type": "string", "description": "Version of the list, to watch from."],
            "continue": ["type": "string", "description": "Where the next part of the list begins; empty at its end."],
            "remainingItemCount": ["type": "integer", "format": "int64", "description": "Objects after this part of the list."],
            "selfLink": ["type": "string", "description": "No longer filled in."],
        ],
    ]

    /// The list of a kind.
    /// - Parameters:
    ///   - item: schema of an item.
    ///   - meta: reference to the schema of a list's metadata.
    static func list(_ kind: KindDefinition, _ version: String, item: JSON, meta: String) -> JSON {
        [
            "type": "object", "description": .string("A list of \(kind.plural)."), "required": ["items"],
            "properties": [
                "apiVersion": ["type": "string"], "kind": ["type": "string"], "metadata": ["$ref": .string(meta)],
                "items": ["type": "array", "items": item],
            ],
            "x-kubernetes-group-version-kind": [["group": .string(kind.group), "version": .string(version), "kind": .string(kind.listKind)]],
        ]
    }

    private static func reference(_ name: String) -> String { "#/components/schemas/" + name }

    private static func path(_ path: APIPath, _ kind: KindDefinition, _ version: KindVersion) -> JSON {
        var item: JSONObject = [:]
        if !path.variables.isEmpty {
            item["parameters"] = .array(path.variables.map { name in
                [
                    "name": .string(name), "in": "path", "required": true, "description": .string(APIPath.variableDescriptions[name] ?? ""),
                    "schema": ["type": "string", "uniqueItems": true],
                ]
            })
        }
        for operation in path.operations { item[operation.method] = self.operation(operation, kind, version) }
        return .object(item)
    }

    private static func operation(_ operation: APIOperation, _ kind: KindDefinition, _ version: KindVersion) -> JSON {
        let name = SchemaNames.name(kind, version.name)
        func content(_ types: [String], _ schema: JSON) -> JSON { .object(JSONObject(uniqueKeysWithValues: types.map { ($0, ["schema": schema]) })) }
        let object: JSON = ["$ref": .string(reference(name))]
        var out: JSONObject = [
            "operationId": .string(operation.id), "description": .string("\(operation.summary) \(kind.plural)."),
            "parameters": .array(operation.query.map { parameter in
                [
                    "name": .string(parameter.name), "in": "query", "description": .string(parameter.description),
                    "schema": ["type": .string(parameter.type), "uniqueItems": true],
                ]
            }),
        ]
        switch operation.body {
        case .none: break
        case .object: out["requestBody"] = ["required": true, "content": content(["application/json", "application/yaml"], object)]
        case .patch: out["requestBody"] = ["required": true, "content": content(APIPath.patchTypes(kind, version), ["type": "object"])]
        }
        let whole: JSON = operation.answersList ? ["$ref": .string(reference(name + "List"))] : object
        let answer: JSON = operation.action.hasPrefix("delete") ? ["type": "object"] : whole
        out["responses"] = ["200": ["description": "OK", "content": content(["application/json"], answer)]]
        out["x-kubernetes-action"] = .string(operation.action)
        out["x-kubernetes-group-version-kind"] = SchemaNames.identity(kind, version.name)
        return .object(out)
    }
}
