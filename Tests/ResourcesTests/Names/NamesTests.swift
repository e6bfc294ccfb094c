import Testing

@testable import Resources

@Suite struct NamesTests {
    private static let long63 = String(repeating: "a", count: 63), long64 = String(repeating: "a", count: 64)

    /// Which of label, subdomain, label1035, path segment, qualified name and label value a text is.
    @Test(arguments: [
        ("a", "LS5PQV"), ("my-name", "LS5PQV"), ("1abc", "LSPQV"), ("123", "LSPQV"), ("a.b", "SPQV"), ("a.b.c-d", "SPQV"), ("A", "PQV"), ("aB", "PQV"), ("a_b", "PQV"), ("-a", "P"), ("a-", "P"),
        ("a..b", "PQV"), (".a", "P"), ("a.", "P"), ("a.-b", "PQV"), ("", "PV"), (".", ""), ("..", ""), ("a/b", "Q"), ("x.y/A_b.c", "Q"), ("a/b/c", ""), ("/a", ""), ("a/", ""), ("X/a", ""), ("a%", ""), ("é", "P"),
        ("a b", "P"), ("a\n", "P"), (long63, "LS5PQV"), (long64, "SP"), ("a.b/" + long63, "Q"), ("a.b/" + long64, ""), ("_a", "P"), ("a:b", "P"), ("a@b", "P"), ("a[b", "P"), ("a`b", "P"), ("a{b", "P"),
    ])
    func table(_ text: String, _ kinds: String) {
        var found = ""
        if Names.label(text).isEmpty { found += "L" }
        if Names.subdomain(text).isEmpty { found += "S" }
        if Names.label1035(text).isEmpty { found += "5" }
        if Names.pathSegment(text).isEmpty { found += "P" }
        if Names.qualifiedName(text).isEmpty { found += "Q" }
        if Names.labelValue(text).isEmpty { found += "V" }
        #expect(found == kinds, "\(text)")
    }

    @Test func lengths() {
        let subdomain = Array(repeating: "a2345678", count: 28).joined(separator: ".") + "x"
        #expect(subdomain.utf8.count == 252)
        #expect(Names.subdomain(subdomain + "y").isEmpty && Names.subdomain(subdomain + "yz") == ["must be no more than 253 characters"])
        #expect(Names.label(Self.long64) == ["must be no more than 63 characters"] && Names.label("A" + Self.long64).count == 2)
        #expect(Names.qualifiedName(subdomain + "yz/a") == ["prefix part: must be no more than 253 characters"])
    }

    @Test func prefixes() {
        for rule in NameRule.allCases { #expect(rule.problems(prefix: "my-").isEmpty && rule.problems(prefix: "my").isEmpty, "\(rule)") }
        #expect(!NameRule.label.problems(prefix: "-").isEmpty && !NameRule.label.problems(prefix: "a.").isEmpty && !NameRule.label.problems(prefix: "A-").isEmpty)
        #expect(NameRule.subdomain.problems(prefix: "a.b-").isEmpty)
    }

    @Test func generated() {
        var random = SeededRandom(1)
        let alphabet = Set("bcdfghjklmnpqrstvwxz2456789")
        var seen: Set<String> = []
        for _ in 0..<500 {
            let name = Names.generate("job-", using: &random)
            #expect(name.hasPrefix("job-") && name.count == 9 && name.dropFirst(4).allSatisfy(alphabet.contains) && Names.label(name).isEmpty)
            seen.insert(name)
        }
        #expect(seen.count == 500 && Set(seen.joined().dropFirst(0)).isSuperset(of: alphabet))
        #expect(Names.generate(String(repeating: "a", count: 300), using: &random).utf8.count == 63)
        #expect(Names.generate(String(repeating: "a", count: 300), limit: NameRule.subdomain.limit, using: &random).utf8.count == 253)
        #expect(Names.generate(String(repeating: "a", count: 58), using: &random).hasPrefix(String(repeating: "a", count: 58)))
        #expect(Names.generate(String(repeating: "é", count: 60), limit: 10, using: &random).hasPrefix("éé") && Names.generate("", using: &random).count == 5)
        var (a, b) = (SeededRandom(4), SeededRandom(4))
        #expect(Names.generate("x", using: &a) == Names.generate("x", using: &b))
    }
}
