import Core
import Resources
import Testing

@Suite struct CustomKindReaderTests {
    private static func definition() throws -> JSON {
        try json("""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"crontabs.stable.example.com","uid":"u-1"},
             "spec":{"group":"stable.example.com","scope":"Namespaced",
              "names":{"plural":"crontabs","singular":"crontab","kind":"CronTab","shortNames":["ct"],"categories":["all"]},
              "conversion":{"strategy":"None"},
              "versions":[
               {"name":"v1beta1","served":true,"storage":false,"deprecated":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}},
               {"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":\(cronTabSchema)},
                "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"}},
                "selectableFields":[{"jsonPath":".spec.policy"},{"jsonPath":".spec.replicas"}],
                "additionalPrinterColumns":[{"name":"Spec","type":"string","jsonPath":".spec.cronSpec","description":"The schedule."},
                 {"name":"Wide","type":"integer","format":"int32","priority":1,"jsonPath":".spec.replicas"}]}]}}
            """)
    }

    @Test func read() throws {
        let kind = try CustomKindReader.read(Self.definition())
        #expect(kind.key == "crontabs.stable.example.com" && kind.kind == "CronTab" && kind.listKind == "CronTabList" && kind.singular == "crontab")
        #expect(kind.shortNames == ["ct"] && kind.categories == ["all"] && kind.isNamespaced && kind.origin == .custom(uid: "u-1"))
        #expect(kind.versions.map(\.name) == ["v1", "v1beta1"] && kind.storedVersion?.name == "v1")
        let version = try #require(kind.version("v1"))
        #expect(version.hasStatus && version.scale?.specReplicasPath == ".spec.replicas" && version.deprecationWarning == nil)
        #expect(version.columns.map(\.name) == ["Name", "Spec", "Wide"] && version.columns[2].priority == 1 && version.columns[1].jsonPath == ".spec.cronSpec")
        #expect(version.selectableFields == ["spec.policy", "spec.replicas"])
        let old = try #require(kind.version("v1beta1"))
        #expect(old.deprecationWarning == "stable.example.com/v1beta1 CronTab is deprecated" && !old.hasStatus && old.columns == [.name, .age])
    }

    @Test func metadataIsStandardWithTheDefinitionsOwnChecks() throws {
        let kind = try CustomKindReader.read(Self.definition())
        var document = try json("""
            {"apiVersion":"stable.example.com/v1","kind":"CronTab","metadata":{"name":"UP","labels":{"a":"b"},"nonsense":1},"spec":{"cronSpec":"* * * * *"}}
            """)
        let version = try #require(kind.version("v1"))
        #expect(SchemaPruning.prune(&document, by: version.schema).map(\.description) == ["metadata.nonsense"])
        #expect(version.validation.errors(of: document).map(\.path.description) == ["metadata.name"])
        document["metadata"] = ["name": "fine", "labels": ["a": 1]]
        #expect(version.validation.errors(of: document).map(\.path.description) == ["metadata.labels[a]"])
        // The open version keeps what it does not know, and knows metadata all the same.
        let old = try #require(kind.version("v1beta1"))
        #expect(SchemaPruning.unknownFields(of: ["x": ["y": 1], "metadata": ["z": 1]], by: old.schema).map(\.description) == ["metadata.z"])
        #expect(old.schema.fields["metadata"] === ObjectMetaSchema.schema)
    }

    /// A member of `spec`, by its path, with what is put there, and the errors that it makes.
    @Test(arguments: [
        ("group", #""""#, ["spec.group: Required value"]),
        ("group", #""stable""#, [#"spec.group: Invalid value: "stable": should be a domain with at least one dot"#, nil]),
        ("scope", #""Galaxy""#, [#"spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced""#]),
        ("scope", "null", ["spec.scope: Required value"]),
        ("names/plural", #""tabs""#, [#"metadata.name: Invalid value: "crontabs.stable.example.com": must be spec.names.plural+"."+spec.group"#]),
        ("names/kind", #""Cron_Tab""#, [nil]),
        ("names/kind", "null", ["spec.names.kind: Required value"]),
        ("names/listKind", #""CronTab""#, [#"spec.names.listKind: Invalid value: "CronTab": kind and listKind may not be the same"#]),
        ("names/shortNames", #"["OK"]"#, [nil]),
        ("names/shortNames", #""ok""#, [#"spec.names.shortNames: Invalid value: "string": spec.names.shortNames in body must be of type array: "string""#]),
        ("conversion", #"{"strategy":"Webhook"}"#,
            [#"spec.conversion.strategy: Unsupported value: "Webhook": supported values: "None": this server calls no conversion webhooks"#]),
        ("conversion", #"{"strategy":"Magic"}"#, [#"spec.conversion.strategy: Unsupported value: "Magic": supported values: "None""#]),
        ("preserveUnknownFields", "true", [nil]),
        ("versions", "[]", ["spec.versions: Required value: must have at least one version"]),
        ("versions", #"[{"name":"v1","served":true,"storage":true}]"#, ["spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required"]),
        ("versions", #"[{"name":"V1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]"#, [nil]),
        ("versions", #"[{"name":"v1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object"}}}]"#,
            ["spec.versions: Invalid value: must have exactly one version marked as storage version, not 0"]),
        ("versions", #"[{"name":"v1","storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]"#, ["spec.versions[0].served: Required value"]),
        ("versions", #"[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{}}}}}]"#,
            ["spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields"]),
        ("versions/1/name", #""v1beta1""#, [#"spec.versions[1].name: Duplicate value: "v1beta1""#]),
        ("versions/1/deprecationWarning", #""w""#, [#"spec.versions[1].deprecationWarning: Invalid value: "w": can only be set for deprecated versions"#]),
        ("versions/1/subresources/scale/specReplicasPath", #"".status.x""#, [nil]),
        ("versions/1/subresources/scale/statusReplicasPath", "null", ["spec.versions[1].subresources.scale.statusReplicasPath: Required value"]),
        ("versions/1/additionalPrinterColumns/0/type", #""text""#,
            [#"spec.versions[1].additionalPrinterColumns[0].type: Unsupported value: "text": supported values: "boolean", "date", "integer", "number", "string""#]),
        ("versions/1/additionalPrinterColumns/0/jsonPath", #""spec""#,
            [#"spec.versions[1].additionalPrinterColumns[0].jsonPath: Invalid value: "spec": must be a simple json path starting with ."#]),
        ("versions/1/selectableFields/0/jsonPath", #"".spec.nothing""#,
            [#"spec.versions[1].selectableFields[0].jsonPath: Invalid value: ".spec.nothing": does not refer to a valid field"#]),
        ("versions/1/selectableFields/0/jsonPath", #"".spec.tags""#, [nil]),
        ("versions/1/selectableFields/0/jsonPath", #"".metadata.name""#, [nil]),
    ] as [(String, String, [String?])])
    func refused(place: String, value: String, errors: [String?]) throws {
        var document = try Self.definition()
        document["spec"] = try replacing(document["spec"] ?? .null, place.split(separator: "/"), json(value))
        let found = lines(document)
        // Nil stands for an error whose sentence does not matter here.
        #expect(found.count == errors.count, "\(found)")
        for (line, error) in zip(found, errors) { if let error { #expect(line == error) } }
    }

    private func lines(_ document: JSON) -> [String] {
        do throws(FieldErrors) {
            _ = try CustomKindReader.read(document)
            return []
        } catch { return error.lines }
    }

    private func replacing(_ value: JSON, _ steps: [Substring], _ new: JSON) -> JSON {
        guard let step = steps.first else { return new }
        let rest = Array(steps.dropFirst())
        guard case .array(var items) = value, let index = Int(step) else {
            var value = value
            value[String(step)] = replacing(value[String(step)] ?? .null, rest, new)
            return value
        }
        items[index] = replacing(items[index], rest, new)
        return .array(items)
    }

    @Test(arguments: ["null", "[]", "{}", #"{"spec":[]}"#, #"{"spec":{"names":1,"versions":[1,null,"x"]}}"#, #"{"spec":{"versions":{"a":1}}}"#])
    func nonsenseIsRefused(document: String) throws { #expect(try lines(json(document)).count > 0) }
}
