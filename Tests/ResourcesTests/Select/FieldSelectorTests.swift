import Core
import Resources
import Testing

@Suite struct FieldSelectorTests {
    private typealias Requirement = FieldSelector.Requirement

    @Test func table() throws {
        let cases: [(String, [Requirement])] = [
            ("", []), (",", []), ("a.b=c", [Requirement(field: "a.b", value: "c")]), ("a==c", [Requirement(field: "a", value: "c")]),
            ("a!=c,b=", [Requirement(field: "a", isEqual: false, value: "c"), Requirement(field: "b", value: "")]),
            (#"a=x\,y,b=\=\\,c=d"#, [Requirement(field: "a", value: "x,y"), Requirement(field: "b", value: #"=\"#), Requirement(field: "c", value: "d")]),
            ("a=b, c=d", [Requirement(field: "a", value: "b"), Requirement(field: "c", value: "d")]), ("a=!b", [Requirement(field: "a", value: "!b")]),
            (#"a==\=b"#, [Requirement(field: "a", value: "=b")]), ("a=é x", [Requirement(field: "a", value: "é x")]), ("a=b,,c=d,", [Requirement(field: "a", value: "b"), Requirement(field: "c", value: "d")]),
        ]
        for (text, requirements) in cases {
            let selector = try FieldSelector(text)
            #expect(selector.requirements == requirements, "\(text)")
            #expect(try FieldSelector(selector.description) == selector, "\(text)")
        }
    }

    @Test(arguments: [
        ("a", "character 1"), ("a=b,c", "character 5"), ("=b", "character 1"), ("!=b", "character 1"), ("a=b=c", "'\\='"), (#"a=b\"#, "at the end"), (#"a=\n"#, "may follow"),
        ("a===b", "'\\='"), ("é=x,b", "character 5"),
    ])
    func errors(_ text: String, _ says: String) throws {
        let error = try #require(throws: MonoflowError.self) { try FieldSelector(text) }
        #expect(error.code == .invalidArgument && error.description.contains(says), "\(error)")
    }

    @Test func matches() throws {
        let fields = ["metadata.name": "a", "phase": "Running"]
        for (text, isMatch) in [
            ("", true), ("metadata.name=a", true), ("metadata.name=b", false), ("metadata.name=a,phase!=Running", false), ("metadata.name=a,phase!=Failed", true),
            ("absent=", true), ("absent!=", false), ("absent!=x", true),
        ] {
            #expect(try FieldSelector(text).matches { fields[$0] } == isMatch, "\(text)")
        }
        let selector = try FieldSelector("metadata.name!=b,metadata.name=a")
        #expect(selector.required("metadata.name") == "a" && selector.required("phase") == nil)
        try selector.check(supported: ["metadata.name"])
        let error = try #require(throws: MonoflowError.self) { try selector.check(supported: ["metadata.namespace"]) }
        #expect(error.code == .invalidArgument && error.subject == "metadata.name")
    }
}
