import Core
import Foundation
import Resources
import Testing

@Suite struct SchemaFuzzTests {
    private static let odd: [JSON] = [
        nil, true, false, 0, -1, 5, 1.5, 1e300, "", "object", "array", "x", "((", [], [1, nil], ["a"], [:], ["a": 1], ["type": "object"], ["type": "string"],
        .int(.max), .int(.min),
    ]

    /// A copy with one value somewhere replaced, or one member gone.
    private func changed(_ value: JSON, _ numbers: inout SeededRandom) -> JSON {
        switch value {
        case .object(var object) where !object.isEmpty && Int.random(in: 0..<10, using: &numbers) > 0:
            let index = Int.random(in: 0..<object.count, using: &numbers), (key, member) = object.elements[index]
            if Int.random(in: 0..<20, using: &numbers) == 0 { object.removeValue(forKey: key) } else { object[key] = changed(member, &numbers) }
            return .object(object)
        case .array(var items) where !items.isEmpty && Int.random(in: 0..<10, using: &numbers) > 0:
            let index = Int.random(in: 0..<items.count, using: &numbers)
            items[index] = changed(items[index], &numbers)
            return .array(items)
        default: return Self.odd.randomElement(using: &numbers) ?? nil
        }
    }

    /// A schema is refused, or it can be written, read again to the same, and put to use on any document.
    @Test func damagedSchemas() throws {
        var numbers = SeededRandom(4), accepted = 0
        let original = try json(cronTabSchema)
        let document = try json(#"{"spec":{"replicas":3,"tags":["a"],"ports":[{"port":1}],"choice":{"a":"1"},"labels":{"x":null},"free":{"known":{}}}}"#)
        for _ in 0..<600 {
            var damaged = original
            for _ in 0..<Int.random(in: 1...3, using: &numbers) { damaged = changed(damaged, &numbers) }
            guard let schema = try? SchemaReader.read(damaged).schema else { continue }
            accepted += 1
            let written = SchemaWriter().json(schema)
            #expect(try SchemaWriter().json(SchemaReader.read(written).schema) == written, "\(damaged.text())")
            var copy = changed(document, &numbers)
            SchemaDefaults.fill(&copy, by: schema)
            let unknown = SchemaPruning.prune(&copy, by: schema), errors = SchemaValidation(schema).errors(of: copy)
            #expect(unknown.count <= 100 && errors.count <= 100)
            #expect(SchemaPruning.prune(&copy, by: schema).isEmpty)
            #expect(!SchemaDefaults.fill(&copy, by: schema))
        }
        #expect(accepted > 50, "\(accepted)")
    }

    /// Ours against the platform's engine, on what means the same to both.
    @Test func patternsAgainstAnotherEngine() throws {
        var numbers = SeededRandom(7), compared = 0, matched = 0
        func pattern(_ depth: Int) -> String {
            switch Int.random(in: 0..<(depth > 0 ? 10 : 5), using: &numbers) {
            case 0: ["a", "b", "c", "."].randomElement(using: &numbers) ?? "a"
            case 1: ["[ab]", "[^a]", "[a-c]", "\\w", "\\d", "[^\\s]"].randomElement(using: &numbers) ?? "a"
            case 2: ["^", "$", "\\b", "\\B"].randomElement(using: &numbers) ?? "a"
            case 3, 4: "ab"
            case 5: "(\(pattern(depth - 1))|\(pattern(depth - 1)))"
            case 6: "(?:\(pattern(depth - 1)))" + (["*", "+", "?", "{2}", "{1,3}", "*?", "{2,}"].randomElement(using: &numbers) ?? "")
            default: pattern(depth - 1) + pattern(depth - 1)
            }
        }
        for _ in 0..<400 {
            let text = pattern(3)
            guard let other = try? NSRegularExpression(pattern: text), let own = try? LinearPattern(text) else { continue }
            for _ in 0..<4 {
                let input = String((0..<Int.random(in: 0..<8, using: &numbers)).map { _ in "abc 1".randomElement(using: &numbers) ?? "a" })
                let expected = other.firstMatch(in: input, range: NSRange(location: 0, length: input.utf16.count)) != nil
                #expect(own.matches(input) == expected, "\(text) on \(input.debugDescription)")
                compared += 1
                matched += expected ? 1 : 0
            }
        }
        #expect(compared > 1000 && matched > 300 && matched < compared - 150)
    }
}
