import Core
import Resources
import Testing

@Suite struct LinearPatternTests {
    @Test(arguments: [
        // pattern, texts that match, texts that do not
        ("abc", ["abc", "xxabcxx"], ["ab", "acb", ""]),
        ("^abc$", ["abc"], ["abc\n", "xabc", "abcx"]),
        ("^a.c$", ["abc", "aéc", "a🙂c"], ["a\nc", "ac"]),
        ("(?s)^a.c$", ["a\nc"], ["ac"]),
        ("^(\\d+|\\*)(/\\d+)?$", ["5", "*", "*/5", "12/34"], ["", "a", "5/", "*/"]),
        ("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", ["a", "a-b", "0"], ["-a", "a-", "A", "a_b"]),
        ("^[^a-c]+$", ["xyz", "é"], ["xay", ""]),
        ("^[]a-]+$", ["]", "a-]"], ["b"]),
        ("^[[:alpha:]_]+$", ["aZ_"], ["a1"]),
        ("^[[:^digit:]]+$", ["ab"], ["a1"]),
        ("^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]),
        ("^a{2}$", ["aa"], ["a", "aaa"]),
        ("^a{2,}$", ["aa", "aaaaaa"], ["a"]),
        ("^a{0}$", [""], ["a"]),
        ("^a{,3}$", ["a{,3}"], ["aaa"]),
        ("^x{y}$", ["x{y}"], ["xy"]),
        ("^(?i)abc$", ["ABC", "aBc"], ["abd"]),
        ("^(?i:a)b$", ["Ab", "ab"], ["AB"]),
        ("^(?i)[^a]$", ["b", "B"], ["a", "A"]),
        ("^((?i)a)b$", ["Ab"], ["aB"]),
        ("(?m)^b$", ["a\nb\nc", "b"], ["ab"]),
        ("\\bfoo\\b", ["a foo b", "foo"], ["afoo", "foo1"]),
        ("\\Boo", ["foo"], ["oo"]),
        ("^\\Q.*\\E$", [".*"], ["ab"]),
        ("^\\x41\\x{1F642}$", ["A🙂"], ["A"]),
        ("^\\p{Lu}\\P{L}\\pN$", ["É.5"], ["é.5", "Éa5"]),
        ("^[\\p{Greek_}x]$|^\\w\\s\\D$", [], []),
        ("^(?P<year>\\d{4})-(?<month>\\d\\d)$", ["2026-11"], ["2026-1"]),
        ("^(a|b|)c$", ["ac", "bc", "c"], ["abc"]),
        ("^(a*)*$", ["", "aaa"], ["b"]),
        ("^(?:a?){3}a{3}$", ["aaa", "aaaaaa"], ["aa", "aaaaaaa"]),
        ("^a*?b+?$", ["b", "aabb"], ["a"]),
        ("^[\\w.+-]+$", ["a.b+c-d"], ["a b"]),
        ("", ["", "x"], []),
    ] as [(String, [String], [String])])
    func matches(pattern: String, matching: [String], others: [String]) throws {
        if matching.isEmpty && others.isEmpty {
            #expect(throws: MonoflowError.self) { try LinearPattern(pattern) }
            return
        }
        let compiled = try LinearPattern(pattern)
        for text in matching { #expect(compiled.matches(text), "\(pattern) ought to match \(text.debugDescription)") }
        for text in others { #expect(!compiled.matches(text), "\(pattern) ought not to match \(text.debugDescription)") }
    }

    @Test(arguments: [
        "(", ")", "[", "[a", "[b-a]", "a**", "*a", "+", "(?=a)", "(?!a)", "(?<=a)b", "(a)\\1", "\\", "\\Z", "a{2,1}", "a{1001}", "[[:nope:]]",
        "\\pX", "(?P<n", "\\xZZ", "((((a{1000}){1000}){1000}){1000})", String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000), String(repeating: "a", count: 20_000),
    ])
    func refused(pattern: String) { #expect(throws: MonoflowError.self) { try LinearPattern(pattern) } }

    /// What makes a backtracking search run for ages.
    @Test func isLinear() throws {
        let text = String(repeating: "a", count: 20_000) + "!"
        #expect(try !LinearPattern("^(a+)+$").matches(text))
        #expect(try !LinearPattern("(a|aa|a?)*b").matches(text))
        #expect(try !LinearPattern("^((((){1000}){1000}){1000}){1000}$").matches("a"))
    }
}
