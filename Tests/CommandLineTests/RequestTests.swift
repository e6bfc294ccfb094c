import ArgumentParser
import Core
import HTTP
import Testing

@testable import CommandLine

@Suite struct RequestTests {
    static let widget = ServedKind(
        group: "example.com", version: "v1", plural: "widgets", singular: "widget", kind: "Widget", isNamespaced: true, shortNames: ["wd"], categories: ["all"])
    static let namespaces = ServedKind(
        group: "", version: "v1", plural: "namespaces", singular: "namespace", kind: "Namespace", isNamespaced: false, shortNames: ["ns"])

    @Test func segmentsAndQueriesAreEncoded() {
        let request = APIRequest(["api", "users", "a/b c?ü"], query: ["q": "x=1&y", "none": nil])
        #expect(request.target == "/api/users/a%2Fb%20c%3F%C3%BC?q=x%3D1%26y")
        #expect(APIRequest(["a"]).target == "/a")
    }

    @Test func pathsOfKinds() {
        #expect(Self.widget.segments(namespace: "n", name: "w") == ["apis", "example.com", "v1", "namespaces", "n", "widgets", "w"])
        #expect(Self.widget.segments(namespace: nil) == ["apis", "example.com", "v1", "widgets"])
        #expect(Self.namespaces.segments(namespace: "n", name: "x") == ["api", "v1", "namespaces", "x"])
        #expect(Self.widget.label == "widget.example.com" && Self.namespaces.label == "namespace")
    }

    @Test func listsAndWatchesCarryTheSelection() {
        let selection = ResourceSelection(kind: Self.widget, namespace: "n", labels: "a=b", fields: "metadata.name=w")
        #expect(selection.list(token: "t").target
            == "/apis/example.com/v1/namespaces/n/widgets?limit=500&continue=t&labelSelector=a%3Db&fieldSelector=metadata.name%3Dw")
        let watch = selection.watch(after: "7", name: "z", accept: ServerTable.accept)
        #expect(watch.target.hasSuffix("?watch=true&resourceVersion=7&allowWatchBookmarks=true&labelSelector=a%3Db&fieldSelector=metadata.name%3Dz"))
        #expect(watch.accept.hasPrefix("application/json;as=Table"))
    }

    @Test(arguments: ["widgets", "widget", "Widget", "wd", "WIDGETS", "widgets.example.com", "widgets.v1.example.com", "wd.example.com"])
    func wordsThatNameAKind(_ word: String) { #expect(KindWord(word, groups: ["example.com"]).names(Self.widget)) }

    @Test(arguments: ["widget.other.com", "widgets.v2.example.com", "gadgets", "w", "all"])
    func wordsThatDoNot(_ word: String) { #expect(!KindWord(word, groups: ["example.com", "other.com"]).names(Self.widget)) }

    @Test func discoveryLeavesSubresourcesOut() {
        let list: JSON = ["groupVersion": "example.com/v1", "resources": [
            [
                "name": "widgets", "singularName": "widget", "namespaced": true, "kind": "Widget", "verbs": ["get", "list"], "shortNames": ["wd"],
                "categories": ["all"],
            ],
            ["name": "widgets/status", "singularName": "", "namespaced": true, "kind": "Widget", "verbs": ["get"]],
            ["name": "reviews", "singularName": "", "namespaced": true, "kind": "Review", "verbs": ["create"]],
        ]]
        #expect(ServedKind.read(list) == [Self.widget])
    }

    @Test func argumentsNameObjects() throws {
        typealias S = ObjectArguments.Selection
        #expect(try ObjectArguments(["cm"]).selections == [S(kind: "cm", names: [])])
        #expect(try ObjectArguments(["cm", "a", "b"]).selections == [S(kind: "cm", names: ["a", "b"])])
        #expect(try ObjectArguments(["cm,secrets"]).selections == [S(kind: "cm", names: []), S(kind: "secrets", names: [])])
        #expect(try ObjectArguments(["cm/a", "run/b/c"]).selections == [S(kind: "cm", names: ["a"]), S(kind: "run", names: ["b/c"])])
        for wrong in [[], ["cm/a", "b"], ["cm", "a/b"], ["cm,secrets", "a"], ["/a"], ["cm/"], [","], ["cm", ""]] {
            #expect(throws: MonoflowError.self, "\(wrong)") { try ObjectArguments(wrong) }
        }
    }

    @Test func nativeKindsHaveTheirOwnRoutes() {
        #expect(NativeKind(word: "Run") == .runs && NativeKind(word: "models") == .models)
        #expect(NativeKind(word: "runs.example.com") == nil && NativeKind(word: "cm") == nil)
        #expect(NativeKind.runs.list(namespace: "n", token: "p").target
            == "/apis/v2beta1/runs?namespace=n&page_size=200&page_token=p&sort_by=created_at%20desc")
        #expect(NativeKind.models.object("m", namespace: "n", method: .delete).target == "/api/models/m?namespace=n")
        #expect(NativeKind.experiments.object("e", namespace: "n").target == "/apis/v2beta1/experiments/e")
    }

    @Test func logsOfPodsAreAskedForAsKubectlDoes() throws {
        let all = try LogsCommand.parse(["p", "-c", "main", "-f", "--tail", "5", "--timestamps", "-p"])
        #expect(all.podRequest("p", namespace: "n").target
            == "/api/v1/namespaces/n/pods/p/log?follow=true&container=main&tailLines=5&timestamps=true&previous=true")
        #expect(try LogsCommand.parse(["p"]).podRequest("p", namespace: "n").target == "/api/v1/namespaces/n/pods/p/log")
    }

    @Test func stepsOfARunAreFoundByAnyName() {
        let graph: JSON = ["nodes": [
            ["id": "3", "type": "Container", "task_name": "late", "state": "Pending"],
            ["id": "1", "type": "DAG", "task_name": "root", "started_at": "2026-01-01T00:00:00Z"],
            ["id": "2", "type": "Container", "task_name": "train", "display_name": "Train it", "iteration": 4, "started_at": "2026-01-01T00:00:01Z"],
            ["id": "4", "type": "Container", "task_name": "train", "display_name": "Train it", "iteration": 3, "started_at": "2026-01-01T00:00:00Z"],
        ]]
        #expect(RunSteps.containers(graph).map { $0["id"] } == ["4", "2", "3"])
        for (word, ids) in [("train", ["4", "2"]), ("Train it", ["4", "2"]), ("3", ["3"]), ("late", ["3"]), ("root", [])] {
            #expect(RunSteps.named(word, graph).compactMap { $0["id"]?.stringValue } == ids, "\(word)")
        }
        #expect(RunSteps.containers(graph).map(RunSteps.label) == ["train[3]", "train[4]", "late"])
    }

    @Test func aTokenIsAskedForWithItsLimits() throws {
        let now = try #require(Timestamp(rfc3339: "2026-11-24T12:00:00Z"))
        let command = try TokenCommand.Create.parse(["--user", "u", "--role", "viewer", "--namespace", "n", "--expires", "30d", "--read-only"])
        #expect(try command.request(now: now) == [
            "user": "u", "name": "command line", "namespaces": ["n"], "role": "viewer", "read_only": true, "expires_at": "2026-12-24T12:00:00Z",
        ])
        #expect(try TokenCommand.Create.parse(["--role", "owner"]).request(now: now) == ["name": "command line"])
        #expect(throws: MonoflowError.self) { try TokenCommand.Create.parse(["--role", "king"]).request(now: now) }
        #expect(try TokenCommand.Create.end("2027-01-31T12:00:00Z", now: now) == "2027-01-31T12:00:00Z")
    }

    @Test(arguments: [
        ("ann", "ann"), ("Ann.Lee@example.com", "ann-lee"), ("a__b", "a-b"), ("-x-", "x"), ("@x", ""),
        (String(repeating: "a", count: 80), String(repeating: "a", count: 63))])
    func homesAreNamedAfterUsers(_ user: String, _ namespace: String) { #expect(Membership.namespaceName(of: user) == namespace) }

    @Test func answersThatRefuse() {
        let status: JSON = ["kind": "Status", "reason": "Invalid", "message": "m", "details": ["causes": [["field": "spec.size", "message": "too small"]]]]
        #expect(ServerFailure(status: 422, body: status.serialized(), url: "u")
            == ServerFailure(status: 422, reason: "Invalid", message: "m", causes: [.init(field: "spec.size", message: "too small")]))
        #expect(ServerFailure(status: 400, body: Array(#"{"error":"e","message":"e","code":3,"hint":"h"}"#.utf8), url: "u").description == "e (h)")
        #expect(ServerFailure(status: 502, body: [], url: "http://h").description == "http://h answers 502")
        #expect(ServerFailure(status: 401, body: Array(#"{"message":"m"}"#.utf8), url: "u").hint?.contains("token") == true)
    }

    @Test func aServerWithoutTLSHasNoKubeconfig() throws {
        #expect { try KubeconfigCommand.server(ServerAccess(url: "http://h:1", token: "t")) } throws: { "\($0)".contains("--tls-listen") }
        let document = KubeconfigCommand.document(server: "https://h:1", authority: Array("PEM".utf8), token: "t", namespace: "n", name: "m")
        #expect(document["clusters"]?[0]?["cluster"] == ["server": "https://h:1", "certificate-authority-data": "UEVN"])
        #expect(document["contexts"]?[0]?["context"]?["namespace"] == "n" && document["users"]?[0]?["user"] == ["token": "t"])
        #expect(document["current-context"] == "m")
        let bare = KubeconfigCommand.document(server: "https://h:1", authority: nil, token: "t", namespace: "n", name: "m")
        #expect(bare["clusters"]?[0]?["cluster"] == ["server": "https://h:1"])
    }
}
