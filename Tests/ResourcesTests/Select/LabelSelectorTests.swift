import Core
import Resources
import Testing

@Suite struct LabelSelectorTests {
    private static let objects: [String: JSON] = [
        "web": ["app": "web", "tier": "front", "n": "5"], "db": ["app": "db", "tier": "", "n": "x"], "job": ["app": "job", "a.b/c": "d_1.E-f"], "none": [:],
    ]

    @Test(arguments: [
        ("", "db job none web"), ("  ", "db job none web"), ("app=web", "web"), ("app==web", "web"), (" app = web ", "web"), ("app!=web", "db job none"),
        ("app", "db job web"), ("!app", "none"), ("! app", "none"), ("app in (web,db)", "db web"), ("app in ( web , db ),n", "db web"), ("app in (web)", "web"),
        ("app notin (web,db)", "job none"), ("app notin (web),app", "db job"), ("app,!tier", "job"), ("tier=", "db"), ("tier in ()", "db"), ("tier in (,front)", "db web"),
        ("tier=,app=db", "db"), ("n>4", "web"), ("n<5", ""), ("n > 1", "web"), ("a.b/c=d_1.E-f", "job"), ("app=web,app=db", ""), ("app in(web),tier!=back", "web"),
        ("in,notin", ""), ("app notin (in)", "db job none web"), ("app=in", ""), ("x in (a)", ""), ("app\t=\nweb", "web"),
        ("app in (a,b,c,d,e,f,g,h,i,j,web)", "web"), ("app notin (a,b,c,d,e,f,g,h,i,j,web)", "db job none"),
    ])
    func table(_ text: String, _ names: String) throws {
        let selector = try LabelSelector(text)
        func selected(_ selector: LabelSelector) -> String { Self.objects.filter { selector.matches($0.value) }.keys.sorted().joined(separator: " ") }
        #expect(selected(selector) == names)
        let again = try LabelSelector(selector.description)
        #expect(again.requirements.map(\.key) == selector.requirements.map(\.key) && selected(again) == names, "\(selector)")
    }

    @Test(arguments: [
        ("app=web,", "character 9", "found the end"), (",app", "character 1", "','"), ("app in web", "character 8", "'('"), ("app in (web", "character 12", "',' or ')'"),
        ("app=a b", "character 7", "\"b\""), ("app!web", "character 5", "'='"), ("=web", "character 1", "label key"), ("a b", "character 3", "=, =="),
        ("app==web=x", "character 9", "','"), ("-app", "character 1", "label key"), ("app=-x", "character 5", "label value"), ("a/b/c=d", "character 1", "'/'"),
        ("é=x,b=é", "character 1", "label key"), ("b=x,c=é", "character 7", "label value"), ("n>x", "character 3", "whole number"), ("n>", "character 3", "whole number"),
        ("!", "character 2", "label key"), ("!app=x", "character 5", "','"), ("app in (a b)", "character 11", "',' or ')'"), ("(a)", "character 1", "label key"),
        ("app=" + String(repeating: "x", count: 64), "character 5", "no more than 63"),
    ])
    func errors(_ text: String, _ place: String, _ says: String) throws {
        let error = try #require(throws: MonoflowError.self) { try LabelSelector(text) }
        #expect(error.code == .invalidArgument && error.subject == place && error.message.contains(says), "\(error)")
    }

    @Test func longTextsAreRefused() throws {
        #expect(throws: MonoflowError.self) { try LabelSelector(String(repeating: " ", count: LabelSelector.maximumLength + 1)) }
    }

    @Test func whatAnIndexCanAnswer() throws {
        let selector = try LabelSelector("a=b,c!=d,e in (x,y,x),!g")
        #expect(selector.indexable.map(\.key) == ["a", "e"] && selector.indexable.map(\.values) == [["b"], ["x", "y"]])
        #expect(selector.remainder.description == "c!=d,!g")
        #expect(LabelSelector.everything.isEmpty && LabelSelector.everything.matches(nil))
        #expect(!selector.matches(nil))
        #expect(try LabelSelector("!a,b!=c,d notin (e)").matches(.null))
    }

    @Test func structured() throws {
        let text = """
            {"matchLabels":{"app":"web","t":""},"matchExpressions":[{"key":"a","operator":"In","values":["x","y"]},{"key":"b","operator":"NotIn","values":["z"]},
            {"key":"c","operator":"Exists"},{"key":"d","operator":"DoesNotExist","values":[]}]}
            """
        var errors: [FieldError] = []
        let selector = LabelSelector.read(try .read(text), at: FieldPath().field("s"), errors: &errors)
        #expect(errors.isEmpty && selector.description == "app=web,t=,a in (x,y),b!=z,c,!d")
        #expect(LabelSelector.read([:], at: FieldPath(), errors: &errors).isEmpty && errors.isEmpty)
        #expect(LabelSelector.read(["matchLabels": nil, "matchExpressions": nil], at: FieldPath(), errors: &errors).isEmpty && errors.isEmpty)
    }

    @Test(arguments: [
        (#"[]"#, ["s FieldValueTypeInvalid"]), (#"{"matchLabels":[]}"#, ["s.matchLabels FieldValueTypeInvalid"]),
        (#"{"matchLabels":{"a b":"c","d":5,"e":"-"}}"#, ["s.matchLabels[a b] FieldValueInvalid", "s.matchLabels[d] FieldValueTypeInvalid", "s.matchLabels[e] FieldValueInvalid"]),
        (#"{"matchExpressions":{}}"#, ["s.matchExpressions FieldValueTypeInvalid"]), (#"{"matchExpressions":[1]}"#, ["s.matchExpressions[0] FieldValueTypeInvalid"]),
        (#"{"matchExpressions":[{"key":"a","operator":"Exists"},{"operator":"In","values":["x"]}]}"#, ["s.matchExpressions[1].key FieldValueRequired"]),
        (#"{"matchExpressions":[{"key":"a","operator":"Gt","values":["1"]}]}"#, ["s.matchExpressions[0].operator FieldValueNotSupported"]),
        (#"{"matchExpressions":[{"key":"a"}]}"#, ["s.matchExpressions[0].operator FieldValueNotSupported"]),
        (#"{"matchExpressions":[{"key":"a","operator":"In"}]}"#, ["s.matchExpressions[0].values FieldValueRequired"]),
        (#"{"matchExpressions":[{"key":"a","operator":"NotIn","values":[]}]}"#, ["s.matchExpressions[0].values FieldValueRequired"]),
        (#"{"matchExpressions":[{"key":"a","operator":"Exists","values":["x"]}]}"#, ["s.matchExpressions[0].values FieldValueForbidden"]),
        (#"{"matchExpressions":[{"key":"a","operator":"In","values":["x",1,"y z"]}]}"#,
            ["s.matchExpressions[0].values[1] FieldValueTypeInvalid", "s.matchExpressions[0].values[2] FieldValueInvalid"]),
        (#"{"matchExpressions":[{"key":"a","operator":"In","values":"x"}]}"#, ["s.matchExpressions[0].values FieldValueTypeInvalid"]),
    ])
    func structuredErrors(_ text: String, _ places: [String]) throws {
        var errors: [FieldError] = []
        _ = LabelSelector.read(try .read(text), at: FieldPath().field("s"), errors: &errors)
        #expect(errors.map { "\($0.path) \($0.reason.rawValue)" } == places, "\(errors)")
    }
}
