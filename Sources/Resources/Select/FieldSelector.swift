import Core

/// Which objects a request is about, by fields of theirs: `metadata.name=a,status.phase!=Running`. All requirements must hold; none selects everything.
public struct FieldSelector: Sendable, Equatable {
    /// Longest text of a selector, in bytes.
    public static let maximumLength = 64 << 10

    public struct Requirement: Sendable, Equatable {
        public let field: String
        /// False for `!=`.
        public let isEqual: Bool
        public let value: String

        public init(field: String, isEqual: Bool = true, value: String) {
            self.field = field
            self.isEqual = isEqual
            self.value = value
        }
    }

    public let requirements: [Requirement]

    public init(requirements: [Requirement] = []) { self.requirements = requirements }

    /// Selects every object.
    public static let everything = FieldSelector()

    public var isEmpty: Bool { requirements.isEmpty }

    /// Reads the text form: terms with commas between them, each of a field, one of `=`, `==` and `!=`, and a value. In a value `\,`, `\=` and `\\` stand
    /// for the character after the backslash, and a bare `=` is refused.
    /// - Throws: `invalidArgument` that names the term's first character, counted from 1.
    public init(_ text: String) throws(MonoflowError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumLength else {
            throw MonoflowError(
                .invalidArgument, "parse field selector", "", "the selector has \(bytes.count) bytes, and at most \(Self.maximumLength) are allowed")
        }
        var list: [Requirement] = []
        var start = 0
        while start <= bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: ",") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
            end = min(end, bytes.count)
            if let requirement = try Self.term(bytes[start..<end], text) { list.append(requirement) }
            start = end + 1
        }
        requirements = list
    }

    /// Nil for an empty term, which does not count.
    private static func term(_ term: ArraySlice<UInt8>, _ text: String) throws(MonoflowError) -> Requirement? {
        let whole = String(decoding: term, as: UTF8.self)
        func error(_ message: String) -> MonoflowError {
            let column = String(decoding: text.utf8.prefix(term.startIndex), as: UTF8.self).unicodeScalars.count + 1
            return MonoflowError(.invalidArgument, "parse field selector", "character \(column), \"\(whole)\"", message)
        }
        if term.allSatisfy({ $0 == 32 }) { return nil }
        guard let sign = term.firstIndex(of: UInt8(ascii: "=")) else { throw error("expected a field, one of =, == and !=, and a value") }
        let isEqual = sign == term.startIndex || term[sign - 1] != UInt8(ascii: "!")
        let field = String(decoding: term[term.startIndex..<(isEqual ? sign : sign - 1)], as: UTF8.self)
        let name = String(field.unicodeScalars.drop { $0 == " " })
        guard !name.isEmpty else { throw error("the name of the field is missing") }
        var rest = term[(sign + 1)...]
        if isEqual, rest.first == UInt8(ascii: "=") { rest = rest.dropFirst() }
        var value: [UInt8] = []
        var escaped = false
        for byte in rest {
            switch (escaped, byte) {
            case (true, UInt8(ascii: ",")), (true, UInt8(ascii: "=")), (true, UInt8(ascii: "\\")):
                value.append(byte)
                escaped = false
            case (true, _): throw error("only ',', '=' and '\\' may follow a '\\'")
            case (false, UInt8(ascii: "\\")): escaped = true
            case (false, UInt8(ascii: "=")): throw error("a '=' in a value is written '\\='")
            default: value.append(byte)
            }
        }
        if escaped { throw error("a '\\' at the end of a value is written '\\\\'") }
        return Requirement(field: name, isEqual: isEqual, value: String(decoding: value, as: UTF8.self))
    }

    /// Refuses fields that the kind does not select by.
    /// - Throws: `invalidArgument` that names the field.
    public func check(supported: Set<String>) throws(MonoflowError) {
        for requirement in requirements where !supported.contains(requirement.field) {
            throw MonoflowError(
                .invalidArgument, "select by field", requirement.field, "field label not supported",
                hint: "this kind is selected by \(supported.sorted().joined(separator: ", "))")
        }
    }

    /// - Parameter value: the text of an object's field; nil where it has none, which counts as the empty text.
    public func matches(_ value: (_ field: String) -> String?) -> Bool {
        requirements.allSatisfy { ((value($0.field) ?? "") == $0.value) == $0.isEqual }
    }

    /// The value that a field must have; nil where the selector leaves it open.
    public func required(_ field: String) -> String? { requirements.first { $0.isEqual && $0.field == field }?.value }
}

extension FieldSelector: CustomStringConvertible {
    /// The text form, which reads back as the same selector.
    public var description: String {
        requirements.map { requirement in
            var value = ""
            for scalar in requirement.value.unicodeScalars {
                if scalar == "," || scalar == "=" || scalar == "\\" { value.unicodeScalars.append("\\") }
                value.unicodeScalars.append(scalar)
            }
            return requirement.field + (requirement.isEqual ? "=" : "!=") + value
        }.joined(separator: ",")
    }
}
