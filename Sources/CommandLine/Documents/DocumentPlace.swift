import Core

/// Where a document came from, for messages.
struct DocumentPlace: Sendable, Equatable, CustomStringConvertible {
    /// The file's path, or `standard input`.
    var file: String
    /// Counted from 1.
    var number: Int
    /// Of the document's first line, counted from 1; nil where it is not known.
    var line: Int?

    var description: String { "\(file): document \(number)" + (line.map { " (line \($0))" } ?? "") }
}

/// A declared object with the place where it stands.
struct SourceDocument: Sendable {
    var json: JSON
    var place: DocumentPlace
    /// Lines of fields by their path, as far as the reader knows them.
    var lines: FieldLines

    var apiVersion: String { json["apiVersion"]?.stringValue ?? "" }
    var kind: String { json["kind"]?.stringValue ?? "" }
    var name: String { json["metadata"]?["name"]?.stringValue ?? "" }
    var namespace: String? { json["metadata"]?["namespace"]?.stringValue }

    /// `FILE: document N, spec.size (line 7)`.
    func describe(_ field: String) -> String {
        let start = "\(place.file): document \(place.number)"
        guard !field.isEmpty else { return place.description }
        return "\(start), \(field)" + (lines.line(of: field).map { " (line \($0))" } ?? "")
    }

    func error(_ field: String, _ message: String, hint: String? = nil) -> MonoflowError {
        MonoflowError(.failedPrecondition, "", describe(field), message, hint: hint)
    }
}

/// On which line a field begins: as the document is nested.
indirect enum FieldLines: Sendable {
    case unknown
    case at(Int, members: [String: FieldLines], items: [FieldLines])

    /// The line of the field, or of the innermost one round it that is there. - Parameter path: as `spec.parts[0].name` or `data[a.b]`.
    func line(of path: String) -> Int? {
        guard case .at(var found, _, _) = self else { return nil }
        var here = self
        for step in Self.steps(path) {
            guard case .at(_, let members, let items) = here else { break }
            guard let next = members[step] ?? Int(step).flatMap({ items.indices.contains($0) ? items[$0] : nil }),
                case .at(let line, _, _) = next else { break }
            found = line
            here = next
        }
        return found
    }

    static func steps(_ path: String) -> [String] {
        var steps: [String] = [], current = "", isBracketed = false
        for character in path {
            switch character {
            case "[" where !isBracketed:
                if !current.isEmpty { steps.append(current) }
                (current, isBracketed) = ("", true)
            case "]" where isBracketed:
                steps.append(current)
                (current, isBracketed) = ("", false)
            case "." where !isBracketed:
                if !current.isEmpty { steps.append(current) }
                current = ""
            default: current.append(character)
            }
        }
        if !current.isEmpty { steps.append(current) }
        return steps
    }
}
