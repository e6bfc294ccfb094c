import Core
import Foundation
import Testing

@testable import CommandLine

@Suite struct EnvironmentTests {
    private func expand(_ text: String) throws -> [EnvironmentPart: [JSON]] {
        let head = "apiVersion: monoflow/v1\nkind: Environment\n"
        return try EnvironmentReader(try #require(try YAMLDocuments.read(head + text, file: "environment.yaml").first)).expand()
    }

    private func temporary() throws -> String {
        let root = NSTemporaryDirectory() + "monoflow-cli-" + Identifiers.random()
        try Files.makeDirectory(root)
        return root
    }

    @Test func peopleAndNamespaces() throws {
        let objects = try expand("""
            users: [{name: alice}, {name: root, admin: true}, {name: bob, home: b}]
            namespaces:
            - {name: a, owner: alice, quota: {cpu: 8, memory: 16Gi}, labels: {x: y}, members: [{user: bob, role: viewer}]}
            - {name: b, members: [{user: bob, role: editor}]}
            """)
        #expect(objects[.namespaces] == [
            [
                "apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": ["name": "a", "labels": ["x": "y"]],
                "spec": ["owner": ["kind": "User", "name": "alice"], "resourceQuotaSpec": ["hard": ["cpu": "8", "memory": "16Gi"]]],
            ],
            ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "b"]],
        ])
        #expect(objects[.users]?.map { $0["spec"] ?? .null } == [
            ["homeNamespace": "a", "role": "owner"], ["homeNamespace": "default", "isAdmin": true], ["homeNamespace": "b", "role": "editor"],
        ])
        #expect(objects[.members]?.map { $0["metadata"] ?? .null } == [["name": "bob", "namespace": "a"], ["name": "bob", "namespace": "b"]])
    }

    @Test func secretsAreNamedAndNeverHeld() throws {
        let objects = try expand("""
            secrets: [{name: s, namespace: a, data: {p: {fromEnvironment: P}, k: {fromFile: secrets/k.pem}}}]
            models: [{name: m, namespace: a, file: /abs/m.onnx, version: 3}]
            """)
        #expect(objects[.secrets] == [[
            "apiVersion": "monoflow/v1", "kind": "SecretReference", "metadata": ["name": "s", "namespace": "a"],
            "spec": ["data": ["p": ["fromEnvironment": "P"], "k": ["fromFile": "../secrets/k.pem"]]],
        ]])
        #expect(objects[.models]?.first?["spec"] == ["file": "/abs/m.onnx", "version": 3])
    }

    @Test func everyMistakeIsToldWithItsPlace() throws {
        let text = """
            usrs: []
            users: [{name: alice}, {admin: maybe}]
            namespaces:
            - {name: a, quota: {cpu: 1}, members: [{user: bob, role: king}]}
            - {name: a, owner: 3}
            configMaps: {a: b}
            secrets: [{name: s, namespace: a, data: {p: plain, q: {value: plain}}}]
            models: [{name: m}]
            schedules: [x]
            """
        let told = try #require(throws: DocumentErrors.self) { _ = try expand(text) }.errors.map(CommandRunner.describe)
        for part in [
            "usrs (line 3): is unknown", "users[1].name", "users[0] (line 4): \"alice\" has no role", "namespaces[0].quota", "namespaces[0].members[0].role",
            "namespaces[1].name",
            "namespaces[1].owner (line 7): must be a text, it is a number", "configMaps (line 8): must be a list", "secrets[0].data[p]", "secrets[0].data[q]",
            "models[0].namespace",
            "schedules[0]",
        ] {
            #expect(told.contains { $0.hasPrefix("environment.yaml: document 1, ") && $0.contains(part) }, "\(part) in \(told)")
        }
    }

    @Test func valuesOfSecretsAreLookedUpBesideTheDocument() throws {
        let root = try temporary()
        try Files.makeDirectory(root + "/objects")
        try Files.writeAtomically([1, 2, 255], to: root + "/k.bin")
        func reference(_ source: String) throws -> SourceDocument {
            try #require(try YAMLDocuments.read("metadata: {name: s}\nspec:\n  data:\n    x: \(source)\n", file: root + "/objects/50-secrets.yaml").first)
        }
        #expect(try SecretValues(reference("{fromFile: ../k.bin}"), environment: [:]).resolve().map(\.value) == [[1, 2, 255]])
        #expect(try SecretValues(reference("{fromEnvironment: P}"), environment: ["P": "hunter2"]).resolve().map(\.value) == [Array("hunter2".utf8)])
        for wrong in ["{fromEnvironment: Q}", "{fromFile: none}", "plain", "{fromNowhere: P}", "{}"] {
            #expect { try SecretValues(reference(wrong), environment: ["P": "hunter2"]).resolve() } throws: {
                "\($0)".contains("spec.data[x] (line 4)") && !"\($0)".contains("hunter2")
            }
        }
    }

    @Test func theTemplateIsExpandedAndKeptInStep() throws {
        let root = try temporary()
        #expect(throws: MonoflowError.self) { try EnvironmentFiles.generate(root) }
        _ = try EnvironmentFiles.initialize(root)
        #expect { try EnvironmentFiles.initialize(root) } throws: { ($0 as? MonoflowError)?.code == .alreadyExists }
        #expect { try DocumentFiles.files(root) } throws: { "\($0)".contains("monoflow generate") }
        #expect(try EnvironmentFiles.generate(root).map(\.word) == [.written, .written, .written])
        #expect(try EnvironmentFiles.generate(root).map(\.word) == [.unchanged, .unchanged, .unchanged])
        let names = try DocumentFiles.files(root).map { ($0 as NSString).lastPathComponent }
        #expect(names == ["10-namespaces.yaml", "20-users.yaml", "40-configmaps.yaml"])
        #expect(try DocumentFiles.read([root]).map(\.kind) == ["Profile", "User", "ConfigMap"])

        var text = EnvironmentTemplate.text
        text = text.replacing("  - name: settings\n    namespace: team\n    data:\n      region: local\n", with: "")
        try Files.writeAtomically(Array(text.utf8), to: root + "/environment.yaml")
        #expect { try DocumentFiles.files(root) } throws: { "\($0)".contains("has changed") }
        #expect(try EnvironmentFiles.generate(root).map(\.word) == [.unchanged, .unchanged, .removed])
    }

    @Test func filesOfOthersAreLeftAlone() throws {
        let root = try temporary()
        _ = try EnvironmentFiles.initialize(root)
        try Files.makeDirectory(root + "/objects")
        try Files.writeAtomically(Array("mine: 1\n".utf8), to: root + "/objects/50-secrets.yaml")
        _ = try EnvironmentFiles.generate(root)
        #expect(Files.exists(root + "/objects/50-secrets.yaml"))
    }
}
