import Core
import Foundation
import Resources
import Testing

@Suite struct SecretRulesTests {
    private let options = WriteOptions(manager: "test")

    private func object(_ kind: String, _ rest: String) throws -> JSON {
        var document = try json(rest)
        document["apiVersion"] = "v1"
        document["kind"] = .string(kind)
        document["metadata"] = ["name": "x"]
        return document
    }

    private func errors(_ body: () async throws -> Void) async throws -> [String] {
        do {
            try await body()
            return []
        } catch let error as InvalidResource { return error.errors.map(\.description) }
    }

    /// What is sent, and what is stored.
    @Test(arguments: [
        (#"{"stringData":{"a":"hi"}}"#, #"{"a":"aGk="}"#),
        (#"{"data":{"a":"aGk=","b":"aGk="},"stringData":{"a":"","c":"ü"}}"#, #"{"a":"","b":"aGk=","c":"w7w="}"#),
        (#"{"data":null,"stringData":{"a":"hi"}}"#, #"{"a":"aGk="}"#),
        (#"{"data":{"a":"aGk="},"stringData":{}}"#, #"{"a":"aGk="}"#),
        (#"{"data":{"a":"aGk="},"stringData":null}"#, #"{"a":"aGk="}"#),
    ])
    func stringData(body: String, data: String) async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let kind = try #require(fixture.kind("secrets"))
            let made = try await fixture.service.create(kind, namespace: "a", object("Secret", body), options).document
            #expect(try made["data"] == json(data) && made["stringData"] == nil && made["type"] == "Opaque")
        }
    }

    /// Applied texts belong to their manager as data, and go when they are applied no more.
    @Test func appliedStringData() async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let kind = try #require(fixture.kind("secrets"))
            func apply(_ body: String) async throws -> JSON? {
                try await fixture.service.patch(kind, namespace: "a", name: "x", .apply(object("Secret", body), force: false), options).document["data"]
            }
            #expect(try await apply(#"{"stringData":{"a":"hi","b":"hi"}}"#) == ["a": "aGk=", "b": "aGk="])
            #expect(try await apply(#"{"stringData":{"b":"hi"}}"#) == ["b": "aGk="])
            #expect(try await apply(#"{"stringData":{"b":"yo"}}"#) == ["b": "eW8="])
        }
    }

    /// Kind, what is there, what is put in its place, and the errors.
    @Test(arguments: [
        ("Secret", #"{"type":"a/b"}"#, #"{"type":"a/c"}"#, [#"type: Invalid value: "a/c": field is immutable"#]),
        ("Secret", #"{"type":"a/b"}"#, "{}", [#"type: Invalid value: "Opaque": field is immutable"#]),
        ("Secret", "{}", #"{"type":"Opaque","data":{"a":"aGk="}}"#, []),
        ("Secret", #"{"immutable":true,"data":{"a":"aGk="}}"#, #"{"immutable":true,"stringData":{"a":"hi"}}"#, []),
        ("Secret", #"{"immutable":true,"data":{"a":"aGk="}}"#, #"{"immutable":true,"data":{"a":"eW8="}}"#, ["data: Forbidden: field is immutable when `immutable` is set"]),
        ("Secret", #"{"immutable":true,"data":{"a":"aGk="}}"#, #"{"data":{"a":"aGk="}}"#, ["immutable: Forbidden: field is immutable when `immutable` is set"]),
        ("Secret", #"{"immutable":false}"#, #"{"immutable":true,"data":{"a":"eW8="}}"#, []),
        ("ConfigMap", #"{"immutable":true,"data":{"a":"1","b":"2"}}"#, #"{"immutable":true,"data":{"b":"2","a":"1"},"binaryData":{}}"#, []),
        ("ConfigMap", #"{"immutable":true,"data":{"a":"1"}}"#, #"{"immutable":false,"data":{"a":"2"},"binaryData":{"c":""}}"#, [
            "immutable: Forbidden: field is immutable when `immutable` is set", "data: Forbidden: field is immutable when `immutable` is set",
            "binaryData: Forbidden: field is immutable when `immutable` is set",
        ]),
    ])
    func changes(kind name: String, old: String, new: String, expected: [String]) async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let kind = try #require(fixture.kind(name.lowercased() + "s"))
            _ = try await fixture.service.create(kind, namespace: "a", object(name, old), options)
            #expect(try await errors { _ = try await fixture.service.replace(kind, namespace: "a", name: "x", object(name, new), options) } == expected)
            // An immutable object can be labelled and deleted.
            _ = try await fixture.service.patch(kind, namespace: "a", name: "x", .merge(["metadata": ["labels": ["a": "b"]]]), options)
            _ = try await fixture.service.delete(kind, namespace: "a", name: "x", DeleteOptions())
        }
    }

    @Test(arguments: [
        ("Secret", #"{"data":{"a b":"aGk="}}"#, ["data[a b]"]), ("Secret", #"{"stringData":{"..a":"x","":"x",".":"x"}}"#, ["data[..a]", "data[]", "data[.]"]),
        ("Secret", #"{"data":{".dockerconfigjson":"e30=","A_b-c.1":""}}"#, []), ("Secret", #"{"stringData":{"a":1}}"#, ["stringData[a]"]),
        ("Secret", #"{"data":[]}"#, ["data"]), ("Secret", #"{"data":"x","stringData":{"a":"b"}}"#, ["data"]),
        ("ConfigMap", #"{"data":{"a":"x","b":"y"},"binaryData":{"b":""}}"#, ["binaryData[b]"]), ("ConfigMap", #"{"data":{"a/b":"x"}}"#, ["data[a/b]"]),
    ])
    func refused(kind name: String, body: String, paths: [String]) async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let kind = try #require(fixture.kind(name.lowercased() + "s"))
            let found = try await errors { _ = try await fixture.service.create(kind, namespace: "a", object(name, body), options) }
            #expect(found.map { String($0.prefix { $0 != ":" }) } == paths)
        }
    }

    @Test func dataIsBounded() async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let kind = try #require(fixture.kind("secrets")), fits = String(repeating: "x", count: 1 << 20)
            _ = try await fixture.service.create(kind, namespace: "a", object("Secret", #"{"stringData":{"a":"\#(fits)"}}"#), options)
            #expect(try await errors { _ = try await fixture.service.create(kind, namespace: "b", object("Secret", #"{"stringData":{"a":"\#(fits + fits)"}}"#), options) }
                == ["data: Too long: may not be more than 1048576 bytes"])
        }
    }
}
