import Core
import Resources
import Testing

@Suite struct JSONPathTests {
    private static let document = """
        {"spec":{"a":1,"list":[10,20,30],"nested":[[1,2],[3]]},"metadata":{"name":"n","labels":{"app":"web","a.b/c":"dotted","it's":"quoted","*":"star"}},
        "status":{"conditions":[{"type":"Ready","status":"True","n":3},{"type":"Done","status":"False","n":1.5},{"type":"Odd","n":null}],"ports":{"x":{"p":1},"y":{"p":2}}}}
        """

    @Test(arguments: [
        (".spec.a", "[1]"), ("{.spec.a}", "[1]"), ("$.spec.a", "[1]"), ("{$.spec.a}", "[1]"), (" {.spec.a} ", "[1]"), ("['spec'].a", "[1]"), (".spec.b", "[]"), (".spec.a.b", "[]"),
        (".spec.list", "[[10,20,30]]"), (".spec.list[0]", "[10]"), (".spec.list[-1]", "[30]"), (".spec.list[-3]", "[10]"), (".spec.list[3]", "[]"), (".spec.list[-4]", "[]"),
        (".spec.list[*]", "[10,20,30]"), (".spec.nested[*][0]", "[1,3]"), (".spec.nested[*][*]", "[1,2,3]"), (".spec[0]", "[]"), (".spec.list.a", "[]"), (".spec.list.[1]", "[20]"),
        (".metadata.labels.app", #"["web"]"#), (#".metadata.labels.a\.b/c"#, #"["dotted"]"#), (".metadata.labels['a.b/c']", #"["dotted"]"#), (#".metadata.labels['a\.b/c']"#, #"["dotted"]"#),
        (#".metadata.labels["a.b/c"]"#, #"["dotted"]"#), (#".metadata.labels['it\'s']"#, #"["quoted"]"#), (#".metadata.labels["it's"]"#, #"["quoted"]"#), (".metadata.labels['*']", #"["star"]"#),
        (#".metadata.labels.\*"#, #"["star"]"#), (".status.ports.*.p", "[1,2]"), (".status.ports[*].p", "[1,2]"), (".status.ports[ 'x' ].p", "[1]"),
        (#".status.conditions[?(@.type=="Ready")].status"#, #"["True"]"#), (".status.conditions[?(@.type=='Done')].status", #"["False"]"#), (".status.conditions[?( @.type == 'Done' )].n", "[1.5]"),
        (".status.conditions[?(@.type!='Ready')].type", #"["Done","Odd"]"#), (".status.conditions[?(@.status)].type", #"["Ready","Done"]"#), (".status.conditions[?(@.status!='True')].type", #"["Done"]"#),
        (".status.conditions[?(@.n>1)].type", #"["Ready","Done"]"#), (".status.conditions[?(@.n>=3)].type", #"["Ready"]"#), (".status.conditions[?(@.n<3)].type", #"["Done"]"#),
        (".status.conditions[?(@.n<=3.0)].type", #"["Ready","Done"]"#), (".status.conditions[?(@.n==null)].type", #"["Odd"]"#), (".status.conditions[?(@.type>'Odd')].type", #"["Ready"]"#),
        (".status.conditions[?(@.n=='3')].type", "[]"), (".spec.list[?(@==20)]", "[20]"), (".spec.list[?(@>10)]", "[20,30]"), (".spec.nested[?(@[1])][0]", "[1]"), (".spec.nested[?(@[?(@==3)])]", "[[3]]"),
        (".status.ports[?(@.p==1)]", "[]"), (".status.conditions[?(@.type=='a)b')]", "[]"),
    ])
    func table(_ path: String, _ result: String) throws {
        let document = try JSON.read(Self.document), path = try JSONPath(path)
        #expect(JSON.array(path.evaluate(document)).text() == result)
        #expect(path.first(in: document) == path.evaluate(document).first)
    }

    @Test func root() throws {
        for text in [".", "$", "{.}", "{$}", "$."] { #expect(try JSONPath(text).evaluate(["a": 1]) == [["a": 1]], "\(text)") }
    }

    @Test(arguments: [
        ("", "character 1"), ("spec", "begins with '.'"), ("..a", "recursive descent"), (".a..b", "recursive descent"), ("$..a", "recursive descent"), (".a.", "name of a member"), (".a[", "expected an index"),
        (".a[1", "expected ']'"), (".a[1:2]", "slices"), (".a[:2]", "slices"), (".a[0,1]", "unions"), (".a['b','c']", "unions"), (".a['b", "not closed"), (".a[b]", "expected an index"), (".a b", "character 3"),
        (".a[?(@.b=='c')", "expected ']'"), (".a[?(@.b=='c']", "')' at the end"), (".a[?(.b=='c')]", "begins with '@'"), (".a[?@.b]", "'?('"), (".a[?(@.b=c)]", "expected one of =="),
        (".a[?(@.b==c)]", "text in quotes"), (".a[?(@.b==[1])]", "text in quotes"), (".a[?(@.b==1&&@.c==2)]", "'&&'"), (".a[?(@.b || @.c)]", "expected one of =="), ("{.a", "'}'"), (".a}", "expected '.'"), (#".a\"#, "after '\\'"),
        (".a[99999999999]", "expected an index"), (".a[-]", "expected an index"), ("{.a}{.b}", "expected '.'"), (".a]", "expected '.'"),
    ])
    func errors(_ path: String, _ says: String) throws {
        let error = try #require(throws: MonoflowError.self) { try JSONPath(path) }
        #expect(error.code == .invalidArgument && error.description.contains(says), "\(error)")
    }

    @Test func bounds() throws {
        #expect(try JSONPath(String(repeating: ".a", count: 256)).evaluate([:]).isEmpty)
        #expect(throws: MonoflowError.self) { try JSONPath(String(repeating: ".a", count: 257)) }
        #expect(throws: MonoflowError.self) { try JSONPath(".a" + String(repeating: "[?(@", count: 9) + String(repeating: ")]", count: 9)) }
        #expect(throws: MonoflowError.self) { try JSONPath("." + String(repeating: "a", count: 17_000)) }
    }

    @Test func fieldNames() throws {
        #expect(try JSONPath(".spec['a.b'].c").fieldNames == ["spec", "a.b", "c"])
        #expect(try JSONPath(".spec[0]").fieldNames == nil && JSONPath(".spec.*").fieldNames == nil)
    }
}
