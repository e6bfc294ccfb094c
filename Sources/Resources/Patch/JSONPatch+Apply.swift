import Core
import OrderedCollections

extension JSONPatch {
    /// The document after all operations.
    public func apply(to document: JSON) throws(MonoflowError) -> JSON {
        var run = JSONPatchRun(document: document)
        for (index, operation) in operations.enumerated() {
            do throws(JSONPatchRun.Failure) { try run.perform(operation) } catch {
                throw MonoflowError(error.code, "apply JSON patch", "operation \(index) (\(operation))", error.message)
            }
        }
        return run.document
    }
}

/// A document while operations are applied to it, with what they may cost.
struct JSONPatchRun {
    struct Failure: Error {
        var code: MonoflowError.Code
        var message: String

        static func absent(_ message: String) -> Failure { Failure(code: .failedPrecondition, message: message) }
    }

    /// Elements that may be moved or looked at in all, for lists that are edited at their beginning over and over.
    private static let maximumWork = 50_000_000

    private(set) var document: JSON
    private var work = 0
    /// An upper bound of the document's size, counted from the first copy on; what the patch itself brings is bounded by its own size.
    private var size: Int?

    init(document: JSON) { self.document = document }

    mutating func perform(_ operation: JSONPatch.Operation) throws(Failure) {
        switch operation {
        case .add(let path, let value):
            try admit(DocumentMeasure(value), at: path)
            try add(value, at: path)
        case .replace(let path, let value):
            try admit(DocumentMeasure(value), at: path)
            try edit(path.tokens[...]) { place throws(Failure) in place = value }
        case .remove(let path): _ = try remove(path)
        case .move(let from, let to):
            let value = try from == to ? find(from) : remove(from)
            if from == to { return }
            if to.tokens.count > from.tokens.count {
                let measure = DocumentMeasure(value)
                try charge(measure.nodes)
                try admit(measure, at: to)
            }
            try add(value, at: to)
        case .copy(let from, let to):
            let value = try find(from)
            let before = size ?? DocumentMeasure(document, limit: JSONPatch.maximumSize).bytes
            let measure = DocumentMeasure(value, limit: JSONPatch.maximumSize - min(before, JSONPatch.maximumSize))
            guard before + measure.bytes <= JSONPatch.maximumSize else {
                throw Failure(code: .payloadTooLarge, message: "the document would grow beyond \(JSONPatch.maximumSize) bytes by what is copied")
            }
            size = before + measure.bytes
            try admit(measure, at: to)
            try add(value, at: to)
        case .test(let path, let value):
            guard try find(path).isEqualValue(to: value) else { throw Failure(code: .failedPrecondition, message: "the value there is another one") }
        }
    }

    private func find(_ path: JSONPointer) throws(Failure) -> JSON {
        guard let value = path.value(in: document) else { throw .absent("there is no value at \"\(path)\"") }
        return value
    }

    /// A document stays within the levels that the parser takes, so that whoever walks it may recurse.
    private func admit(_ measure: DocumentMeasure, at path: JSONPointer) throws(Failure) {
        guard path.tokens.count + measure.depth <= JSONParser.maximumDepth else {
            throw Failure(code: .payloadTooLarge, message: "the document would be nested deeper than \(JSONParser.maximumDepth) levels")
        }
    }

    private mutating func charge(_ steps: Int) throws(Failure) {
        work += steps
        if work > Self.maximumWork { throw Failure(code: .payloadTooLarge, message: "the operations so far move too many elements of long lists") }
    }

    private mutating func add(_ value: JSON, at path: JSONPointer) throws(Failure) {
        guard let name = path.tokens.last else {
            document = value
            return
        }
        var moved = 0
        try edit(path.tokens.dropLast()) { parent throws(Failure) in
            if var object = parent.takeObject() {
                object[name] = value
                parent = .object(object)
            } else if var items = parent.takeArray() {
                let index = name == "-" ? items.count : JSONPointer.index(name)
                guard let index else { throw .absent("\"\(name)\" is not an index of a list") }
                guard index <= items.count else { throw .absent("index \(index) is beyond the list, which has \(items.count) elements") }
                moved = items.count - index
                items.insert(value, at: index)
                parent = .array(items)
            } else {
                throw .absent("\(parent.kindName) has no members")
            }
        }
        try charge(moved)
    }

    private mutating func remove(_ path: JSONPointer) throws(Failure) -> JSON {
        guard let name = path.tokens.last else {
            defer { document = .null }
            return document
        }
        var removed: JSON?
        var moved = 0
        try edit(path.tokens.dropLast()) { parent throws(Failure) in
            if var object = parent.takeObject() {
                moved = object.count
                removed = object.removeValue(forKey: name)
                parent = .object(object)
            } else if var items = parent.takeArray() {
                if let index = JSONPointer.index(name), index < items.count {
                    moved = items.count - index
                    removed = items.remove(at: index)
                }
                parent = .array(items)
            }
        }
        try charge(moved)
        guard let removed else { throw .absent("there is no value at \"\(path)\"") }
        return removed
    }

    private mutating func edit(_ path: ArraySlice<String>, _ change: (inout JSON) throws(Failure) -> Void) throws(Failure) {
        try Self.edit(&document, path, change)
    }

    /// Changes the value at a place without copying what is beside it. A document that an operation failed on is not used any more.
    private static func edit(_ target: inout JSON, _ path: ArraySlice<String>, _ change: (inout JSON) throws(Failure) -> Void) throws(Failure) {
        guard let name = path.first else { return try change(&target) }
        if var object = target.takeObject() {
            guard let place = object.index(forKey: name) else { throw .absent("there is no member \"\(name)\"") }
            try edit(&object.values[place], path.dropFirst(), change)
            target = .object(object)
        } else if var items = target.takeArray() {
            guard let index = JSONPointer.index(name), index < items.count else { throw .absent("there is no element \"\(name)\" in a list of \(items.count)") }
            try edit(&items[index], path.dropFirst(), change)
            target = .array(items)
        } else {
            throw .absent("\(target.kindName) has no member \"\(name)\"")
        }
    }
}
