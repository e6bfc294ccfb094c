import Core

// Checks of strings and numbers.
extension SchemaWalk {
    mutating func checkAllowed(_ value: JSON, _ allowed: [JSON]) {
        if allowed.contains(value) { return }
        // 1 and 1.0 are one number.
        if let number = value.doubleValue, allowed.contains(where: { $0.doubleValue == number }) { return }
        report(.notSupported(path, shown(value), allowed.map { $0.stringValue ?? $0.text() }))
    }

    mutating func check(_ text: String, _ schema: Schema) {
        // A scalar is at most four bytes, a length in bytes is known at once: counting is for what lies between.
        if let most = schema.checks.maxLength, text.utf8.count > most, text.unicodeScalars.count > most {
            report(FieldError(path, .tooLong, "Too long: may not be more than \(most) bytes"))
        }
        if let least = schema.checks.minLength, text.utf8.count < least || text.unicodeScalars.count < least {
            report(.invalid(path, shown(.string(text)), "\(path) in body should be at least \(least) chars long"))
        }
        if let pattern = patterns[ObjectIdentifier(schema)] {
            if text.utf8.count > SchemaValidation.maximumPatternInput {
                report(FieldError(path, .tooLong, "Too long: may not be more than \(SchemaValidation.maximumPatternInput) bytes, since it has to match a pattern"))
            } else if !pattern.matches(text) {
                report(.invalid(path, shown(.string(text)), "\(path) in body should match '\(schema.checks.pattern ?? "")'"))
            }
        }
        if let format = schema.checks.format, !StringFormat.holds(format, text) {
            report(.invalid(path, shown(.string(text)), "\(path) in body must be of type \(format): \(FieldError.shown(shown(.string(text))))"))
        }
    }

    mutating func checkNumber(_ value: JSON, _ schema: Schema) {
        guard let number = value.doubleValue else { return }
        if let most = schema.checks.maximum {
            let isOut = schema.checks.exclusiveMaximum ? number >= most : number > most
            let words = schema.checks.exclusiveMaximum ? "less than" : "less than or equal to"
            if isOut { report(.invalid(path, shown(value), "\(path) in body should be \(words) \(Self.text(most))")) }
        }
        if let least = schema.checks.minimum {
            let isOut = schema.checks.exclusiveMinimum ? number <= least : number < least
            let words = schema.checks.exclusiveMinimum ? "greater than" : "greater than or equal to"
            if isOut { report(.invalid(path, shown(value), "\(path) in body should be \(words) \(Self.text(least))")) }
        }
        if let step = schema.checks.multipleOf, step > 0 {
            let quotient = number / step
            if abs(quotient - quotient.rounded()) > 1e-9 * max(1, abs(quotient)) {
                report(.invalid(path, shown(value), "\(path) in body should be a multiple of \(Self.text(step))"))
            }
        }
        if schema.checks.format == "int32", schema.type == .integer, Int32(exactly: number) == nil {
            report(.invalid(path, shown(value), "\(path) in body must be of type int32: \(shown(value).text())"))
        }
    }

    private static func text(_ number: Double) -> String { Int64(exactly: number).map { String($0) } ?? "\(number)" }
}
