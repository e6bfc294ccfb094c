import Core
import Foundation
import Resources
import Testing

/// Errors of confidential kinds never repeat a value.
@Suite struct HiddenValuesTests {
    /// Every check of the schema, once in a field that is confidential and once in one that is not.
    @Test(arguments: [
        (#"{"type":"string","format":"byte"}"#, #""HUSH!""#), (#"{"type":"string","pattern":"^a$"}"#, #""HUSH""#), (#"{"type":"string","minLength":9}"#, #""HUSH""#),
        (#"{"type":"string","enum":["a"]}"#, #""HUSH""#), (#"{"type":"string","format":"date-time"}"#, #""HUSH""#), (#"{"type":"integer","maximum":5}"#, "414243"),
        (#"{"type":"integer","minimum":500000}"#, "414243"), (#"{"type":"integer","multipleOf":5}"#, "414243"), (#"{"type":"integer","format":"int32"}"#, "4142434142434"),
        (#"{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}"#, #"["HUSH","HUSH"]"#),
        (#"{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}}"#,
            #"[{"k":"HUSH"},{"k":"HUSH"}]"#),
        (#"{"type":"object","minProperties":3,"additionalProperties":{"type":"string"}}"#, #"{"a":"HUSH"}"#),
        (#"{"type":"string","anyOf":[{"pattern":"^a"},{"pattern":"^b"}]}"#, #""HUSH""#), (#"{"type":"string","oneOf":[{"pattern":"^a"},{"pattern":"^b"}]}"#, #""HUSH""#),
        (#"{"type":"string","not":{"pattern":"H"}}"#, #""HUSH""#), (#"{"type":"string","allOf":[{"pattern":"^a"}]}"#, #""HUSH""#),
        (#"{"type":"object","properties":{"deep":{"type":"array","items":{"type":"string","format":"byte"}}}}"#, #"{"deep":["HUSH!"]}"#),
    ])
    func ofSchemas(schema: String, value: String) throws {
        let read = try SchemaReader.read(try json(#"{"type":"object","properties":{"seen":\#(schema),"hidden":\#(schema)}}"#)).schema
        let validation = SchemaValidation(read, confidential: ["hidden"])
        func shows(_ field: String) throws -> Bool {
            let errors = validation.errors(of: try json(#"{"\#(field)":\#(value)}"#))
            #expect(errors.count == 1 && errors[0].path.description.hasPrefix(field))
            return errors.contains { $0.message.contains("HUSH") || $0.message.contains("41424") }
        }
        #expect(try shows("seen") && !shows("hidden"))
    }

    @Test func ofTheDocumentThatHoldsThem() throws {
        let read = try SchemaReader.read(try json(#"{"type":"object","minProperties":3,"properties":{"hidden":{"type":"string"}}}"#)).schema
        let errors = SchemaValidation(read, confidential: ["hidden"]).errors(of: ["hidden": "HUSH"])
        #expect(errors.count == 1 && !errors[0].message.contains("HUSH"))
    }

    @Test(arguments: [
        #"{"data":{"a":"HUSH!"}}"#, #"{"data":{"a":["HUSH!"]}}"#, #"{"data":"HUSH!"}"#, #"{"data":["HUSH!"]}"#, #"{"stringData":{"a":["HUSH!"]}}"#, #"{"stringData":"HUSH!"}"#,
        #"{"data":{"a b":"SFVTSCE="}}"#, #"{"stringData":{"a b":"HUSH!"}}"#, #"{"stringData":{"a":"HUSH!"},"type":7}"#, #"{"stringData":{"a":"HUSH!"},"data":{"b":1}}"#,
    ])
    func ofSecrets(body: String) async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let kind = try #require(fixture.kind("secrets")), options = WriteOptions(manager: "test")
            var document = try json(body)
            document["apiVersion"] = "v1"
            document["kind"] = "Secret"
            document["metadata"] = ["name": "x"]
            let changes: [@Sendable (JSON) async throws -> Void] = [
                { _ = try await fixture.service.create(kind, namespace: "a", $0, options) },
                { _ = try await fixture.service.patch(kind, namespace: "a", name: "x", .apply($0, force: true), options) },
                { _ = try await fixture.service.replace(kind, namespace: "a", name: "there", $0.named("there"), options) },
                { _ = try await fixture.service.patch(kind, namespace: "a", name: "there", .merge($0.named("there")), options) },
                { _ = try await fixture.service.patch(kind, namespace: "a", name: "there", .strategic($0.named("there")), options) },
            ]
            _ = try await fixture.service.create(
                kind, namespace: "a", ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "there"], "stringData": ["z": "HUSH!"]], options)
            for (index, change) in changes.enumerated() {
                do {
                    try await change(document)
                    Issue.record("change \(index) was taken")
                } catch {
                    #expect(!"\(error)".contains("HUSH") && !"\(error)".contains("SFVTSCE"), "change \(index): \(error)")
                }
            }
        }
    }
}

extension JSON {
    fileprivate func named(_ name: String) -> JSON {
        var document = self
        document["metadata"] = ["name": .string(name)]
        return document
    }
}
