import Core
import Testing

@testable import CommandLine

@Suite struct OutputTests {
    @Test func columnsAreAligned() {
        var table = TextTable(["NAME", "AGE"])
        table.add(["a-long-name", "5s"])
        table.add(["b", ""])
        #expect(table.render() == "NAME          AGE\na-long-name   5s\nb\n")
        table.add(["c", "1s"])
        #expect(table.render() == "c             1s\n")
    }

    @Test func whatMovesTheCursorIsNotWritten() {
        var table = TextTable()
        table.add(["a\u{1b}[2Jb", "x\ny\u{9b}"])
        #expect(table.render() == "a?[2Jb   x y?\n")
    }

    static let table: JSON = [
        "kind": "Table", "metadata": ["resourceVersion": "7", "continue": ""],
        "columnDefinitions": [["name": "Name", "priority": 0], ["name": "Size", "priority": 0], ["name": "Colour", "priority": 1]],
        "rows": [["cells": ["w", 3, nil], "object": ["metadata": ["name": "w", "namespace": "n", "labels": ["a": "b"]]]]],
    ]

    @Test func aServersTableIsShownInItsColumns() throws {
        let table = ServerTable(Self.table), row = try #require(table.rows.first)
        #expect(table.titles(TableColumns()) == ["NAME", "SIZE"] && table.cells(row, TableColumns()) == ["w", "3"])
        let all = TableColumns(wide: true, namespace: true, labels: true, prefix: "widget")
        #expect(table.titles(all) == ["NAMESPACE", "NAME", "SIZE", "COLOUR", "LABELS"])
        #expect(table.cells(row, all) == ["n", "widget/w", "3", "<none>", "a=b"])
        #expect(table.version == "7" && table.next == nil)
    }

    @Test func yamlIsReadBackAsTheSameValue() throws {
        let value: JSON = [
            "plain": "text", "words": ["yes", "no", "true", "null", "~", "on", ""], "int": 3, "double": 1.5,
            "numbers": ["1", "0x10", "1e3", ".5", "-1", "2026-11-24"],
            "flag": true, "nothing": nil, "empty": [:], "none": [], "lines": "a\nb\n", "ragged": " a\n b \n\tc", "colon": "a: b", "comment": "a #b",
            "trailing": "a:",
            "quote": "\"'", "control": "a\u{1b}b", "unicode": "grün 🌱", "nested": [["a": [1, ["b": "c"]]]], "10": "key", "star": "*a", "and": "&a",
            "percent": "%x", "blank": "a ",
        ]
        let text = try YAMLText.render(value)
        #expect(try YAMLDocuments.read(text, file: "f").map(\.json) == [value], "\(text)")
        #expect(text.contains("plain: text\n") && text.contains("lines: |\n"))
    }

    @Test func descriptionsAreIndented() {
        var out = DescriptionText()
        out.fact("Name", "x")
        out.value("resourceQuotaSpec", ["hard": ["cpu": "8"], "items": [["a": 1, "b": 2], "t"], "none": []])
        #expect(out.text == """
            Name:         x
            Resource Quota Spec:
              Hard:
                cpu: 8
              Items:
                - A: 1
                  B: 2
                t
              None:  <none>

            """)
    }

    @Test func secretsAreCountedInDescriptions() {
        let secret: JSON = ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s"], "data": ["password": "aHVudGVyMg=="]]
        let text = DescribeCommand.text(secret, events: [], now: Timestamp(milliseconds: 0))
        #expect(text.contains("7 bytes") && !text.contains("aHVudGVyMg") && text.contains("Events:       <none>"))
    }

    @Test(arguments: [
        ("{.status.phase}", "Bound"), (".status.phase", "Bound"), ("status.phase", "Bound"), ("{.spec.parts[1].name}", "b"), ("{.spec.parts[-1].name}", "b"),
        ("{.data['a.b']}", "1"), ("$.status.phase", "Bound"),
    ])
    func pathsLeadToValues(_ path: String, _ value: String) throws {
        let object: JSON = ["status": ["phase": "Bound"], "spec": ["parts": [["name": "a"], ["name": "b"]]], "data": ["a.b": "1"]]
        #expect(try JSONPath(path).value(in: object) == .string(value))
    }

    @Test(arguments: ["", "{}", "{.a", "{.a[*]}", "{.a[?(@.b)]}", "{..a}", "{.a[0}"])
    func otherPathsAreUsageErrors(_ path: String) { #expect(throws: MonoflowError.self) { try JSONPath(path) } }

    @Test func goalsOfWaiting() throws {
        let object: JSON = ["status": ["phase": "Bound", "n": 3, "conditions": [["type": "Ready", "status": "True"], ["type": "Old", "status": "False"]]]]
        for reached in [
            "condition=Ready", "condition=ready=true", "condition=Old=False", "jsonpath={.status.phase}=Bound", "jsonpath={.status.n}=3",
            "jsonpath='{.status.phase}'", "create"] {
            #expect(try WaitGoal(reached).isReached(object), "\(reached)")
        }
        for open in ["condition=Old", "condition=None", "jsonpath={.status.phase}=Lost", "jsonpath={.status.none}", "delete"] {
            #expect(try !WaitGoal(open).isReached(object), "\(open)")
        }
        #expect(try WaitGoal("delete").isReached(nil) && !WaitGoal("condition=Ready").isReached(nil))
        for wrong in ["", "ready", "condition=", "jsonpath=", "delete=1", "jsonpath={.a}x"] {
            #expect(throws: MonoflowError.self, "\(wrong)") { try WaitGoal(wrong) }
        }
    }
}
