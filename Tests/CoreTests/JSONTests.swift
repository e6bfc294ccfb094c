import Core
import Foundation
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "[]", "{}", "0", "-1", "1.5", "9223372036854775807", "-9223372036854775808", "[1,[2,[3]]]", "{\"b\":1,\"a\":{\"z\":null,\"y\":[]}}",
        "\"\\\"\\\\\\n\\r\\t\\u0001\"", "\"ü€😀\"",
    ])
    func textsComeBackAsTheyWere(text: String) throws {
        #expect(try JSONParser.parse(text).text() == text)
    }

    @Test func wholeNumbersAndFractionsStayApart() throws {
        #expect(try JSONParser.parse("1") == .int(1))
        #expect(try JSONParser.parse("1.0") == .double(1))
        #expect(try JSONParser.parse("1e2") == .double(100))
        #expect(try JSONParser.parse("1.0").text() == "1.0")
        #expect(try JSONParser.parse("9223372036854775808") == .double(9223372036854775808))
        #expect(JSON.double(3).intValue == 3 && JSON.double(3.5).intValue == nil && JSON.double(.infinity).text() == "null")
    }

    @Test func keysKeepTheirOrderAndTheLastOfTwoWins() throws {
        let value = try JSONParser.parse("{\"z\":1,\"a\":2,\"z\":3}")
        #expect(value.text() == "{\"z\":3,\"a\":2}")
        #expect(value.canonicalText() == "{\"a\":2,\"z\":3}")
    }

    @Test func surrogatesMakeOneCharacter() throws {
        #expect(try JSONParser.parse("\"\\ud83d\\ude00\"") == "😀")
        #expect(try JSONParser.parse("\"\\u00fc\\/\"") == "ü/")
    }

    @Test(arguments: [
        ("", "line 1 column 1"), ("{\"a\":1,}", "line 1 column 8"), ("[1 2]", "line 1 column 4"), ("{\n  \"a\": tru\n}", "line 2 column 8"), ("01", "leading zero"),
        ("\"\\x\"", "unknown escape"), ("\"\\ud83d\"", "surrogate"), ("\"a\nb\"", "control character"), ("1 2", "after the end"), ("-", "expected a value"),
        ("1.", "digits"), ("1e", "digits"), ("[", "unexpected end"), ("{\"a\"", "expected ':'"), ("nul", "unknown word"), ("1e999", "range"), ("\"abc", "unterminated"),
    ])
    func errorsNameTheirPlace(text: String, part: String) {
        let error = #expect(throws: MonoflowError.self) { try JSONParser.parse(text) }
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }

    @Test func nestingHasABound() {
        let deep = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
        #expect(throws: Never.self) { try JSONParser.parse(deep(JSONParser.maximumDepth)) }
        #expect(throws: MonoflowError.self) { try JSONParser.parse(deep(JSONParser.maximumDepth + 1)) }
    }

    @Test func invalidUTF8IsRefused() {
        #expect(throws: MonoflowError.self) { try JSONParser.parse([0x22, 0xff, 0x22] as [UInt8]) }
    }

    /// Seeded noise: whatever Foundation reads we read alike, and nothing crashes.
    @Test func agreesWithFoundationOnMutatedTexts() throws {
        var seed: UInt64 = 42
        func next(_ bound: Int) -> Int {
            seed = seed &* 6364136223846793005 &+ 1442695040888963407
            return Int(seed >> 33) % bound
        }
        let base = Array("{\"a\":[1,-2.5e3,true,null,\"x\\n\\u00e9\"],\"b\":{\"c\":\"😀\"}}".utf8), alphabet = Array("{}[],:\"\\ntrue0123456789.eE+- ".utf8)
        var both = 0
        for _ in 0..<20_000 {
            var bytes = base
            for _ in 0..<(1 + next(3)) {
                switch next(3) {
                case 0: bytes[next(bytes.count)] = alphabet[next(alphabet.count)]
                case 1: bytes.remove(at: next(bytes.count))
                default: bytes.insert(alphabet[next(alphabet.count)], at: next(bytes.count))
                }
            }
            guard let ours = try? JSONParser.parse(bytes) else { continue }
            both += 1
            let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
            #expect(theirs != nil, "read by us alone: \(String(decoding: bytes, as: UTF8.self))")
            #expect(try JSONParser.parse(ours.text()) == ours)
        }
        #expect(both > 500)
    }
}
