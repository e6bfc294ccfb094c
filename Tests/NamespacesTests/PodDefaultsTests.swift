import Core
import Testing

@testable import Namespaces

@Suite struct PodDefaultsTests {
    private static func podDefault(_ name: String, _ spec: String, selector: String = #"{"matchLabels":{"a":"b"}}"#) throws -> JSON {
        var document = try JSONParser.parse(#"{"metadata":{"name":"\#(name)","resourceVersion":"7"},"spec":\#(spec)}"#)
        document["spec"]?["selector"] = try JSONParser.parse(selector)
        return document
    }

    private static let pod = #"{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"x","env":[{"name":"A","value":"1"}]},{"name":"y","command":["run"]}]}}"#

    /// What the specs of two defaults `m` and `n` make of the pod, which is the same with each order.
    @Test(arguments: [
        (#"{"env":[{"name":"B","value":"2"}]}"#, #"{"env":[{"name":"B","value":"2"},{"name":"A","value":"1"}]}"#, [
            ("spec.containers.0.env", #"[{"name":"A","value":"1"},{"name":"B","value":"2"}]"#),
            ("spec.containers.1.env", #"[{"name":"B","value":"2"},{"name":"A","value":"1"}]"#),
        ]),
        (#"{"envFrom":[{"secretRef":{"name":"s"}}]}"#, #"{"envFrom":[{"secretRef":{"name":"s"}},{"configMapRef":{"name":"c"}}]}"#, [
            ("spec.containers.0.envFrom", #"[{"secretRef":{"name":"s"}},{"configMapRef":{"name":"c"}}]"#),
        ]),
        (#"{"volumes":[{"name":"v","emptyDir":{}}],"volumeMounts":[{"name":"v","mountPath":"/v"}]}"#, #"{"volumeMounts":[{"name":"v","mountPath":"/w"}]}"#, [
            ("spec.volumes", #"[{"name":"v","emptyDir":{}}]"#),
            ("spec.containers.1.volumeMounts", #"[{"name":"v","mountPath":"/v"},{"name":"v","mountPath":"/w"}]"#),
        ]),
        (#"{"labels":{"c":"d"},"annotations":{"e":"f"}}"#, #"{"labels":{"a":"b"}}"#, [
            ("metadata.labels", #"{"a":"b","c":"d"}"#), ("metadata.annotations.e", #""f""#),
        ]),
        (#"{"tolerations":[{"key":"k","operator":"Exists"}],"serviceAccountName":"bot"}"#, #"{"serviceAccountName":"bot","automountServiceAccountToken":false}"#, [
            ("spec.tolerations", #"[{"key":"k","operator":"Exists"}]"#), ("spec.serviceAccountName", #""bot""#), ("spec.automountServiceAccountToken", "false"),
        ]),
        (#"{"command":["sh"],"args":["-c"]}"#, #"{"command":["sh"]}"#, [
            ("spec.containers.0.command", #"["sh"]"#), ("spec.containers.1.command", #"["run"]"#), ("spec.containers.1.args", #"["-c"]"#),
        ]),
        (#"{"sidecars":[{"name":"s","image":"i"}],"initContainers":[{"name":"t"}]}"#, #"{"env":[{"name":"B","value":"2"}]}"#, [
            ("spec.containers.2", #"{"name":"s","image":"i"}"#), ("spec.initContainers", #"[{"name":"t"}]"#),
        ]),
    ] as [(String, String, [(String, String)])])
    func theyAreMerged(m: String, n: String, expected: [(String, String)]) throws {
        let defaults = [try Self.podDefault("n", n), try Self.podDefault("m", m)]
        for list in [defaults, defaults.reversed()] {
            let pod = try PodDefaults.apply(to: try JSONParser.parse(Self.pod), defaults: list)
            for (path, text) in expected {
                let found = path.split(separator: ".").reduce(JSON?.some(pod)) { value, step in Int(step).map { value?[$0] ?? nil } ?? value?[String(step)] }
                #expect(found?.canonicalText() == (try JSONParser.parse(text)).canonicalText(), "\(path)")
            }
            for name in ["m", "n"] { #expect(pod.metadata["annotations"]?["poddefault.admission.kubeflow.org/poddefault-" + name] == "7") }
        }
    }

    @Test(arguments: [
        (#"{"env":[{"name":"B","value":"2"}]}"#, #"{"env":[{"name":"B","value":"3"}]}"#, ["env \"B\"", "\"m\"", "\"n\""]),
        (#"{"env":[{"name":"A","value":"2"}]}"#, "{}", ["env \"A\"", "the container \"x\"", "\"m\""]),
        (#"{"volumes":[{"name":"v","emptyDir":{}}]}"#, #"{"volumes":[{"name":"v","secret":{}}]}"#, ["volumes \"v\"", "\"m\"", "\"n\""]),
        (#"{"volumeMounts":[{"name":"v","mountPath":"/v"}]}"#, #"{"volumeMounts":[{"name":"w","mountPath":"/v"}]}"#, ["volumeMounts \"/v\"", "\"m\"", "\"n\""]),
        (#"{"labels":{"a":"c"}}"#, "{}", ["labels \"a\"", "the pod", "\"m\""]),
        (#"{"annotations":{"e":"1"}}"#, #"{"annotations":{"e":"2"}}"#, ["annotations \"e\"", "\"m\"", "\"n\""]),
        (#"{"tolerations":[{"key":"k","value":"1"}]}"#, #"{"tolerations":[{"key":"k","value":"2"}]}"#, ["tolerations \"k\"", "\"m\"", "\"n\""]),
        (#"{"serviceAccountName":"a"}"#, #"{"serviceAccountName":"b"}"#, ["serviceAccountName", "\"m\"", "\"n\""]),
        (#"{"command":["a"]}"#, #"{"command":["b"]}"#, ["command", "\"m\"", "\"n\""]),
        (#"{"sidecars":[{"name":"x","image":"i"}]}"#, "{}", ["sidecars \"x\"", "the pod", "\"m\""]),
    ] as [(String, String, [String])])
    func conflictsNameBothSides(m: String, n: String, words: [String]) throws {
        let defaults = [try Self.podDefault("m", m), try Self.podDefault("n", n)]
        let error = #expect(throws: MonoflowError.self) { try PodDefaults.apply(to: try JSONParser.parse(Self.pod), defaults: defaults) }
        #expect(error?.code == .failedPrecondition)
        for word in words { #expect(error?.message.contains(word) == true, "\(String(describing: error?.message))") }
    }

    @Test func theSelectorChooses() throws {
        let pod = try JSONParser.parse(Self.pod)
        let other = try Self.podDefault("o", #"{"env":[{"name":"B"}]}"#, selector: #"{"matchLabels":{"a":"z"}}"#)
        #expect(try PodDefaults.apply(to: pod, defaults: [other]) == pod)
        #expect(try PodDefaults.apply(to: pod, labels: ["a": "z"], defaults: [other]) != pod)
        let all = try Self.podDefault("p", #"{"env":[{"name":"B"}]}"#, selector: #"{"matchExpressions":[{"key":"a","operator":"Exists"}]}"#)
        #expect(try PodDefaults.matching(["a": "q"], [all, other]).map(\.name) == ["p"])
        var excluded = pod
        excluded.setMetadata("annotations", ["poddefault.admission.kubeflow.org/exclude": "true"])
        #expect(try PodDefaults.apply(to: excluded, defaults: [all]) == excluded)
        let wrong = try Self.podDefault("w", "{}", selector: #"{"matchExpressions":[{"key":"a","operator":"Near"}]}"#)
        #expect(#expect(throws: MonoflowError.self) { try PodDefaults.apply(to: pod, defaults: [wrong]) }?.subject.contains("matchExpressions[0].operator") == true)
    }

    @Test func theyAreReadFromTheNamespace() async throws {
        try await NamespacesFixture.with { fixture in
            try await fixture.create("poddefaults.kubeflow.org", in: "default", #"{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"desc":"x"}}"#)
            #expect(try await fixture.service.podDefaults(in: "default").map(\.name) == ["d"])
            let wrong = #"{"metadata":{"name":"e"},"spec":{"selector":{"matchLabels":{"a b":"b"}}}}"#
            #expect(await failure { try await fixture.create("poddefaults.kubeflow.org", in: "default", wrong) }?.message.contains("spec.selector.matchLabels") == true)
        }
    }
}
