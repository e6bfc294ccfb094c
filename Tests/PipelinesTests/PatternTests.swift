import Core
import Testing

@testable import Pipelines

/// The matcher of Argo's `=~`.
@Suite struct PatternTests {
    @Test(arguments: [
        ("^a", "abc", true), ("^b", "abc", false), ("c$", "abc", true), ("", "", true), ("b", "abc", true), ("a.c", "a\nc", false), ("a.c", "axc", true),
        ("^(heads|tails)$", "tails", true), ("^(heads|tails)$", "headstails", false), ("^[a-f0-9]{4,6}$", "c0ffee", true), ("^[a-f0-9]{4,6}$", "c0f", false),
        ("^[^x]+$", "abc", true), ("^[^x]+$", "axc", false), (#"^\d+\.\d+$"#, "3.14", true), (#"\bcat\b"#, "a cat sat", true), (#"\bcat\b"#, "concatenate", false),
        (#"^\w+@\w+\.org$"#, "me@example.org", true), ("(?i)^HeLLo$", "hEllO", true), ("^a{2}$", "aaa", false), ("^a{2,}$", "aaa", true), ("a{,2}", "a{,2}", true),
        ("^x*$", "", true), ("^(a|)b$", "b", true), ("[]x]", "]", true), ("[a-]", "-", true), (#"[\d-]"#, "-", true), (#"\Aa\z"#, "a", true), ("^(?:ab)+?$", "abab", true),
        ("(?P<n>a)b", "ab", true), ("é", "café", true), (#"\S\s\S"#, "a b", true), (#"[\]\\]"#, "\\", true), ("^.$", "👍", true),
    ])
    func matches(pattern: String, text: String, expected: Bool) throws { #expect(try Pattern(pattern).matches(text) == expected) }

    @Test(arguments: ["(", ")", "[", "a**", "*", "(?=a)", "(?s)a", #"\1"#, #"\p{L}"#, "[[:alpha:]]", #"\"#, "a{3,2}", "a{1001}", "[b-a]", "x{1000}{2}", "(x{1000}){1000}", "((()){1000}){1000}", String(repeating: "(", count: 1000)])
    func refused(pattern: String) {
        let error = #expect(throws: MonoflowError.self) { _ = try Pattern(pattern) }
        #expect(error?.code == .invalidArgument)
    }

    /// Patterns that take a backtracking matcher longer than the universe is old.
    @Test(.timeLimit(.minutes(1)), arguments: ["^(a+)+$", "^(a|a)*$", "^(a*)*b", "(.*)*x", "^(a?){50}a{50}$", "(x+x+)+y"]) func catastrophesAreNone(pattern: String) throws {
        _ = try Pattern(pattern).matches(String(repeating: "a", count: 5_000) + "!" + String(repeating: "x", count: 5_000))
        let condition = "'\(String(repeating: "a", count: 200))!' =~ '\(pattern)'"
        _ = try ConditionEvaluator.evaluate(condition, dialect: .govaluate, place: "t")
    }

    @Test func aTextThatIsTooLargeIsRefused() throws {
        let pattern = try Pattern("a{1000}b")
        #expect(throws: MonoflowError.self) { _ = try pattern.matches(String(repeating: "a", count: 100_000)) }
        let error = #expect(throws: MonoflowError.self) { _ = try ConditionEvaluator.evaluate("a =~ '('", dialect: .govaluate, place: "task x, when") }
        #expect(error?.subject == "task x, when" && error?.message.contains("\"(\" has a \"(\" without") == true, "\(String(describing: error))")
    }

    /// Random small patterns say what the standard library's matcher says.
    @Test func agreesWithTheStandardLibrary() throws {
        var seed: UInt64 = 0x5eed
        func random(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((seed >> 33) % UInt64(bound))
        }
        func pattern(_ depth: Int) -> String {
            switch random(depth > 2 ? 4 : 9) {
            case 0: "a"
            case 1: "b"
            case 2: "[ab]"
            case 3: "[^a]"
            case 4: pattern(depth + 1) + pattern(depth + 1)
            case 5: "(?:\(pattern(depth + 1))|\(pattern(depth + 1)))"
            case 6: "(?:\(pattern(depth + 1)))" + ["*", "+", "?", "{2}", "{1,2}"][random(5)]
            case 7: "^" + pattern(depth + 1)
            default: pattern(depth + 1) + "$"
            }
        }
        var matched = 0
        for _ in 0..<400 {
            let text = pattern(0)
            guard let regex = try? Regex(text) else { continue }
            for _ in 0..<8 {
                let subject = String((0..<random(7)).map { _ in ["a", "b", "c"][random(3)] as Character })
                let expected = subject.firstMatch(of: regex) != nil
                #expect(try Pattern(text).matches(subject) == expected, "\(text) on \(subject)")
                matched += expected ? 1 : 0
            }
        }
        #expect(matched > 200, "the patterns say too little")
    }
}
