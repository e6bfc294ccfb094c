import Core
import OrderedCollections

extension OpenAPIDocuments {
    /// The answer to `GET /openapi/v2`: one OpenAPI 2.0 document of all that is served.
    public func swagger() -> JSON {
        var definitions: JSONObject = [:], paths: JSONObject = [:]
        let writer = SwaggerSchemaWriter(references: [ObjectIdentifier(ObjectMetaSchema.schema): Self.definition(SchemaNames.objectMeta)])
        for kind in table.kinds {
            for version in kind.servedVersions {
                let name = SchemaNames.name(kind, version.name), item: JSON = ["$ref": .string(Self.definition(name))]
                var schema = writer.json(version.schema)
                // A schema without its kind is one that clients do not find.
                if !SchemaNames.isLeftToClient(kind, version) { schema["x-kubernetes-group-version-kind"] = [SchemaNames.identity(kind, version.name)] }
                definitions[name] = schema
                definitions[name + "List"] = Self.list(kind, version.name, item: item, meta: Self.definition(SchemaNames.listMeta))
                for path in APIPath.all(of: kind, version) { paths[path.path] = Self.swaggerPath(path, kind, version) }
            }
        }
        definitions[SchemaNames.objectMeta] = writer.json(ObjectMetaSchema.schema)
        definitions[SchemaNames.listMeta] = Self.listMeta
        return [
            "swagger": "2.0", "info": ["title": "Monoflow", "version": .string(version)], "paths": .object(paths), "definitions": .object(definitions),
        ]
    }

    private static func definition(_ name: String) -> String { "#/definitions/" + name }

    private static func swaggerPath(_ path: APIPath, _ kind: KindDefinition, _ version: KindVersion) -> JSON {
        var item: JSONObject = [:]
        if !path.variables.isEmpty {
            item["parameters"] = .array(path.variables.map { name in
                [
                    "name": .string(name), "in": "path", "required": true, "type": "string", "uniqueItems": true,
                    "description": .string(APIPath.variableDescriptions[name] ?? ""),
                ]
            })
        }
        for operation in path.operations { item[operation.method] = swaggerOperation(operation, kind, version) }
        return .object(item)
    }

    private static func swaggerOperation(_ operation: APIOperation, _ kind: KindDefinition, _ version: KindVersion) -> JSON {
        let name = SchemaNames.name(kind, version.name), object: JSON = ["$ref": .string(definition(name))]
        var parameters = operation.query.map { parameter -> JSON in
            [
                "name": .string(parameter.name), "in": "query", "type": .string(parameter.type), "uniqueItems": true,
                "description": .string(parameter.description),
            ]
        }
        var consumes = ["application/json", "application/yaml"]
        switch operation.body {
        case .none: break
        case .object: parameters.append(["name": "body", "in": "body", "required": true, "schema": object])
        case .patch:
            parameters.append(["name": "body", "in": "body", "required": true, "schema": ["type": "object"]])
            consumes = APIPath.patchTypes(kind, version)
        }
        let whole: JSON = operation.answersList ? ["$ref": .string(definition(name + "List"))] : object
        let answer: JSON = operation.action.hasPrefix("delete") ? ["type": "object"] : whole
        return [
            "operationId": .string(operation.id), "description": .string("\(operation.summary) \(kind.plural)."),
            "consumes": .array(consumes.map { .string($0) }), "produces": ["application/json"], "schemes": ["https"],
            "parameters": .array(parameters), "responses": ["200": ["description": "OK", "schema": answer]],
            "x-kubernetes-action": .string(operation.action), "x-kubernetes-group-version-kind": SchemaNames.identity(kind, version.name),
        ]
    }
}
