import Core
import Testing

@testable import Pipelines

@Suite struct ConditionTests {
    @Test(arguments: [
        ("inputs.parameter_values['x'] == 'heads'", true), ("inputs.parameter_values['x'] != 'heads'", false),
        ("int(inputs.parameter_values['n']) > 5", true), ("int(inputs.parameter_values['n']) <= 5", false),
        ("int(inputs.parameter_values['s']) == 9", true), ("double(inputs.parameter_values['s']) < 9.5", true),
        ("!(inputs.parameter_values['x'] == 'heads') && inputs.parameter_values['x'] == 'tails'", false),
        ("!(inputs.parameter_values['x'] == 'tails') || false", true), ("inputs.parameter_values['b'] == true", true),
        ("inputs.parameter_values['f'] == 1.5", true), ("'a' < 'b'", true), ("1 + 2 * 3 == 7", true), ("-1 < 0 ? true : false", true),
        ("string(inputs.parameter_values['n']) == '9'", true), ("inputs.parameter_values['q\\'d'] == 'quoted'", true),
    ])
    func cel(text: String, expected: Bool) throws {
        let inputs: [String: JSON] = ["x": "heads", "n": 9, "s": "9", "b": true, "f": 1.5, "q'd": "quoted"]
        #expect(try ConditionEvaluator.evaluate(text, dialect: .cel, inputs: inputs, place: "t") == expected)
    }

    @Test(arguments: [
        ("\"heads\" == \"heads\"", true), ("heads == heads", true), ("heads == tails", false), ("3 > 2", true), ("\"10\" > \"9\"", false),
        ("\"3\" == 3", false), ("true && (1 != 2)", true), ("!(a == b)", true), ("'abc' =~ '^a'", true), ("my-value == my-value", true),
    ])
    func govaluate(text: String, expected: Bool) throws {
        #expect(try ConditionEvaluator.evaluate(text, dialect: .govaluate, place: "t") == expected)
    }

    @Test(arguments: ["1 +", "(1 == 1", "inputs.parameter_values['zz'] == 1", "int('x') == 1", "'a' < 1", "1", "system('x')", "1 / 0 == 1", "a == 'unterminated"])
    func refused(text: String) {
        #expect(throws: MonoflowError.self) { _ = try ConditionEvaluator.evaluate(text, dialect: .cel, place: "t") }
    }
}
