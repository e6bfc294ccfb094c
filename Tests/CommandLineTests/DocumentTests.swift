import Core
import Foundation
import Testing

@testable import CommandLine

@Suite struct DocumentTests {
    private func directory(_ files: [String: String]) throws -> String {
        let root = NSTemporaryDirectory() + "monoflow-cli-" + Identifiers.random()
        try Files.makeDirectory(root)
        for (name, text) in files {
            try Files.makeDirectory((("\(root)/\(name)") as NSString).deletingLastPathComponent)
            try Files.writeAtomically(Array(text.utf8), to: "\(root)/\(name)")
        }
        return root
    }

    private static func map(_ name: String) -> String { "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \(name)}\n" }

    @Test func documentsOfADirectoryComeByName() throws {
        let root = try directory([
            "b.yaml": "---\n" + Self.map("b1") + "---\n" + Self.map("b2"), "a.json": #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#,
            "deep/c.yml": Self.map("c"),
            "notes.txt": "not: one", ".hidden.yaml": "not: one",
            "list.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n",
        ])
        let documents = try DocumentFiles.read([root + "/"])
        #expect(documents.map(\.name) == ["a", "b1", "b2", "c", "s"])
        #expect(documents[2].place == DocumentPlace(file: root + "/b.yaml", number: 2, line: 6))
        #expect(try DocumentFiles.read([root + "/b.yaml", root + "/a.json"]).map(\.name) == ["b1", "b2", "a"])
    }

    @Test func errorsNameFileDocumentAndLine() throws {
        let cases: [(String, String, [String])] = [
            ("x.yaml", Self.map("a") + "---\na: [1, 2\nb: 3\n", ["x.yaml: document 2", "line", "malformed YAML"]),
            ("x.yaml", Self.map("a") + "---\nkind: ConfigMap\nmetadata: {name: b}\n", ["x.yaml: document 2", "apiVersion", "is missing"]),
            ("x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {}\n", ["document 1, metadata.name (line 3)", "is missing"]),
            ("x.yaml", "a: 1\na: 2\n", ["x.yaml: document 1", "line", "twice"]),
            ("x.yaml", "- a\n", ["document 1", "must be an object, it is a list"]),
            ("x.json", "{\n\"a\": }", ["x.json: document 1, line 2", "malformed JSON"]),
            ("x.yaml", "# nothing\n", ["there is no document"]),
            ("x.yaml", "\t a: b\n", ["x.yaml: document 1", "line 1"]),
        ]
        for (name, text, parts) in cases {
            let root = try directory([name: text])
            #expect {
                _ = try DocumentFiles.read([root + "/" + name])
            } throws: { error in
                let told = CommandRunner.describe(error), code = (error as? MonoflowError)?.code
                for part in parts where !told.contains(part) { Issue.record("\(told) has no \(part)") }
                return code == .failedPrecondition
            }
        }
        #expect { try DocumentFiles.read(["/nowhere/x.yaml"]) } throws: { ($0 as? MonoflowError)?.code == .notFound }
    }

    @Test func fieldsHaveLines() throws {
        let text = "kind: Widget\nspec:\n  size: 0\n  parts:\n  - name: a\n  - name: b\n    count: x\nmetadata:\n  labels:\n    a.b/c: v\n"
        let document = try #require(try YAMLDocuments.read(text, file: "f").first)
        for (path, line) in [("spec.size", 3), ("spec.parts[1].count", 7), ("metadata.labels[a.b/c]", 10), ("spec.none", 2), ("spec.parts[9]", 4)] {
            #expect(document.lines.line(of: path) == line, "\(path)")
        }
        let failure = ServerFailure(
            status: 422, message: "m", causes: [.init(field: "spec.size", message: "too small"), .init(field: ".spec.parts", message: "bad")])
        #expect(DocumentApplier.explain(failure, document) == ["f: document 1, spec.size (line 3): too small", "f: document 1, spec.parts (line 4): bad"])
        #expect(DocumentApplier.explain(ServerFailure(status: 403, message: "no"), document) == ["f: document 1 (line 1): no"])
    }

    @Test func aSmallTextCannotStandForAHugeValue() {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1...9 { text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",") + "]\n" }
        #expect { try YAMLDocuments.read(text, file: "f") } throws: { "\($0)".contains("too large") }
    }

    @Test func whatOthersNeedComesFirst() throws {
        func document(_ apiVersion: String, _ kind: String, _ name: String) -> SourceDocument {
            SourceDocument(
                json: ["apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": ["name": .string(name)]],
                place: DocumentPlace(file: "f", number: 1), lines: .unknown)
        }
        let mixed = [
            document("v1", "ConfigMap", "1"), document("monoflow/v1", "Member", "2"), document("kubeflow.org/v1", "Profile", "3"),
            document("monoflow/v1", "User", "4"),
            document("v1", "Namespace", "5"), document("apiextensions.k8s.io/v1", "CustomResourceDefinition", "6"), document("v1", "Secret", "7"),
        ]
        #expect(ApplyOrder.sorted(mixed).map(\.name) == ["6", "5", "4", "3", "2", "1", "7"])
    }

    @Test func outcomesAreCounted() {
        var summary = ApplySummary()
        summary.add(ApplyOutcome(before: nil, after: "1"))
        summary.add(ApplyOutcome(before: "1", after: "1"))
        summary.add(ApplyOutcome(before: "1", after: "2"))
        #expect(summary.text(isDryRun: false) == "1 created, 1 configured, 1 unchanged")
        summary.add(nil)
        #expect(summary.text(isDryRun: true) == "1 created, 1 configured, 1 unchanged, 1 refused (dry run: nothing was changed)")
    }
}
