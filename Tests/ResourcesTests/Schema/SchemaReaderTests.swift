import Core
import Resources
import Testing

@Suite struct SchemaReaderTests {
    @Test func roundTrip() throws {
        let reading = try SchemaReader.read(json(cronTabSchema))
        #expect(!reading.hasRules)
        let written = SchemaWriter().json(reading.schema)
        let again = try SchemaWriter().json(SchemaReader.read(written).schema)
        #expect(written.canonicalText() == again.canonicalText())
        #expect(try written.canonicalText() == json(cronTabSchema).canonicalText())
    }

    @Test func extensionsOfPatchesRoundTrip() throws {
        let schema = Schema.object(["spec": .object(["env": .keyedList(["name"], .object(["name": .string()], required: ["name"])), "set": .set(.string())])])
        let again = try SchemaReader.read(SchemaWriter().json(schema)).schema
        let env = again.fields["spec"]?.fields["env"]
        #expect(env?.patchKey == "name" && env?.listType == .map && env?.listKeys == ["name"])
        #expect(again.fields["spec"]?.fields["set"]?.mergesAsSet == true)
    }

    @Test func referencesStandForNodes() throws {
        let schema = Schema.object(["metadata": ObjectMetaSchema.schema, "spec": .object(["x": .integer()])])
        let writer = SchemaWriter(references: [ObjectIdentifier(ObjectMetaSchema.schema): "#/components/schemas/ObjectMeta"])
        let written = writer.json(schema)
        #expect(written["properties"]?["metadata"]?["allOf"]?[0]?["$ref"] == "#/components/schemas/ObjectMeta")
        #expect(written["properties"]?["spec"]?["properties"]?["x"]?["type"] == "integer")
        #expect(writer.json(ObjectMetaSchema.schema)["properties"]?["labels"]?["additionalProperties"]?["type"] == "string")
    }

    @Test func rulesAreToldAndAdditionalTrueKeepsAll() throws {
        let reading = try SchemaReader.read(json("""
            {"type":"object","properties":{"spec":{"type":"object","additionalProperties":true,"x-kubernetes-validations":[{"rule":"true"}]}}}
            """))
        #expect(reading.hasRules)
        #expect(SchemaPruning.unknownFields(of: try json(#"{"spec":{"a":{"b":1}}}"#), by: reading.schema).isEmpty)
    }

    /// A schema, or what stands at `properties[x]` of one, with the one error that it makes.
    @Test(arguments: [
        ("root", "{}", "s.type: Required value: must not be empty at the root"),
        ("root", #"{"type":"string"}"#, #"s.type: Invalid value: "string": must be object at the root"#),
        ("root", #"{"type":"object","additionalProperties":{"type":"string"}}"#, "s.additionalProperties: Forbidden: must not be used at the root"),
        ("root", #"{"type":"object","properties":{"kind":{"type":"integer"}}}"#, #"s.properties[kind].type: Invalid value: "integer": must be string"#),
        ("root", #"{"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}}"#,
            "s.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified"),
        ("root", #"{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","default":"a"}}}}}"#,
            "s.properties[metadata].properties[name].default: Forbidden: must not be set in metadata"),
        ("x", "[]", #"s.properties[x]: Invalid value: "array": s.properties[x] in body must be of type object: "array""#),
        ("x", "{}", "s.properties[x].type: Required value: must not be empty for specified object fields"),
        ("x", #"{"type":"text"}"#, #"s.properties[x].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string""#),
        ("x", #"{"$ref":"a","type":"string"}"#, "s.properties[x].$ref: Forbidden: $ref is not supported"),
        ("x", #"{"type":"array"}"#, "s.properties[x].items: Required value: must be specified"),
        ("x", #"{"type":"array","items":[]}"#, "s.properties[x].items: Forbidden: items must be a schema object and not an array"),
        ("x", #"{"type":"array","items":{}}"#, "s.properties[x].items.type: Required value: must not be empty for specified array items"),
        ("x", #"{"type":"array","uniqueItems":true,"items":{"type":"string"}}"#,
            "s.properties[x].uniqueItems: Forbidden: uniqueItems cannot be set to true, x-kubernetes-list-type set tells items apart"),
        ("x", #"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":{"type":"string"}}"#,
            "s.properties[x].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"),
        ("x", #"{"type":"object","additionalProperties":false}"#, "s.properties[x].additionalProperties: Forbidden: additionalProperties cannot be set to false"),
        ("x", #"{"type":"string","x-kubernetes-int-or-string":true}"#,
            #"s.properties[x].type: Invalid value: "string": must be empty if x-kubernetes-int-or-string is true"#),
        ("x", #"{"type":"object","x-kubernetes-preserve-unknown-fields":false}"#,
            "s.properties[x].x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined"),
        ("x", #"{"type":"string","pattern":"("}"#,
            #"s.properties[x].pattern: Invalid value: "(": must be a valid regular expression, but isn't: missing closing )"#),
        ("x", #"{"type":"string","default":5}"#,
            #"s.properties[x].default: Invalid value: "integer": s.properties[x].default in body must be of type string: "integer""#),
        ("x", #"{"type":"object","properties":{"a":{"type":"string"}},"default":{"b":1}}"#,
            #"s.properties[x].default.b: Invalid value: {"b":1}: must not have unknown fields"#),
        ("x", #"{"type":"string","default":null}"#, "s.properties[x].default: Invalid value: null: must not be null where nullable is not true"),
        ("x", #"{"type":"string","maxLength":"4"}"#,
            #"s.properties[x].maxLength: Invalid value: "string": s.properties[x].maxLength in body must be of type integer: "string""#),
        ("x", #"{"type":"string","anyOf":[{"type":"string"}]}"#, "s.properties[x].anyOf[0].type: Forbidden: must be empty to be structural"),
        ("x", #"{"type":"object","anyOf":[{"properties":{"a":{"minimum":1}}}]}"#,
            "s.properties[x].properties[a]: Required value: because it is defined in s.properties[x].anyOf[0].properties[a]"),
        ("x", #"{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object"}}"#,
            "s.properties[x].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"),
        ("x", #"{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["a"],"items":{"type":"object","properties":{"a":{"type":"string"}}}}"#,
            "s.properties[x].items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"),
        ("x", #"{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["b"],"items":{"type":"object","properties":{"a":{"type":"string"}}}}"#,
            #"s.properties[x].x-kubernetes-list-map-keys[0]: Invalid value: "b": must be the name of a property of the items"#),
        ("x", #"{"type":"array","x-kubernetes-list-type":"set","items":{"type":"object"}}"#,
            #"s.properties[x].items: Invalid value: "object": must be atomic as item of a list with x-kubernetes-list-type=set"#),
        ("x", #"{"type":"array","x-kubernetes-list-type":"bag","items":{"type":"string"}}"#,
            #"s.properties[x].x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "map", "set""#),
        ("x", #"{"type":"object","x-kubernetes-embedded-resource":true}"#,
            "s.properties[x].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"),
    ] as [(String, String, String)])
    func refused(place: String, schema: String, error: String) throws {
        let document = place == "root" ? try json(schema) : ["type": "object", "properties": ["x": try json(schema)]]
        #expect(errors(of: document) == [error])
    }

    private func errors(of document: JSON) -> [String] {
        do throws(FieldErrors) {
            _ = try SchemaReader.read(document, at: FieldPath().field("s"))
            return []
        } catch { return error.lines }
    }

    @Test func depthAndErrorsAreBounded() throws {
        var deep: JSON = ["type": "string"]
        for _ in 0..<SchemaReader.maximumDepth + 5 { deep = ["type": "array", "items": deep] }
        #expect(errors(of: ["type": "object", "properties": ["x": deep]]).contains { $0.hasSuffix("schemas are nested deeper than 100") })
        var many: JSONObject = [:]
        for index in 0..<500 { many["f\(index)"] = [:] }
        #expect(errors(of: ["type": "object", "properties": .object(many)]).count == SchemaReader.maximumErrors)
    }
}
