import Core

/// The paths that `--for=jsonpath=` takes: members and elements, `{.status.conditions[0].type}` or `.data['a.b']`.
struct JSONPath: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        case member(String)
        case element(Int)
    }

    var steps: [Step] = []

    /// - Throws: `invalidArgument` where it asks for more: filters, wildcards, slices.
    init(_ text: String) throws(MonoflowError) {
        func wrong(_ message: String) -> MonoflowError {
            MonoflowError(.invalidArgument, "read JSONPath", text, message, hint: "write e.g. {.status.phase} or {.spec.parts[0]['a.b']}")
        }
        var rest = Substring(text)
        if rest.hasPrefix("{") {
            guard rest.hasSuffix("}") else { throw wrong("the brace is not closed") }
            rest = rest.dropFirst().dropLast()
        }
        if rest.hasPrefix("$") { rest = rest.dropFirst() }
        if !rest.hasPrefix(".") && !rest.hasPrefix("[") { rest = "." + rest }
        while let first = rest.first {
            if first == "." {
                let name = rest.dropFirst().prefix { $0 != "." && $0 != "[" }
                guard !name.isEmpty, !name.contains("*"), !name.contains("?") else { throw wrong("only members and elements are understood") }
                steps.append(.member(String(name)))
                rest = rest[name.endIndex...]
            } else {
                guard first == "[", let end = rest.firstIndex(of: "]") else { throw wrong("the bracket is not closed") }
                let inside = rest[rest.index(after: rest.startIndex)..<end]
                if let index = Int(inside) {
                    steps.append(.element(index))
                } else if inside.count > 2, let quote = inside.first, quote == inside.last, quote == "'" || quote == "\"" {
                    steps.append(.member(String(inside.dropFirst().dropLast())))
                } else { throw wrong("only members and elements are understood") }
                rest = rest[rest.index(after: end)...]
            }
        }
        if steps.isEmpty { throw wrong("it leads nowhere") }
    }

    /// Nil where there is nothing; a negative element counts from the end.
    func value(in document: JSON) -> JSON? {
        var here: JSON? = document
        for step in steps {
            switch step {
            case .member(let name): here = here?[name]
            case .element(let index): here = here.flatMap { value in value[index < 0 ? index + (value.arrayValue?.count ?? 0) : index] }
            }
        }
        return here
    }
}
