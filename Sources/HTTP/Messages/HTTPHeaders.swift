/// Header fields in order; names compare without case and may repeat.
///
/// The fields are kept as the lines that stand on the wire, with an index of offsets, so that a request's head is
/// copied once and a response's is written out with one copy. A look-up scans the index, which is short.
public struct HTTPHeaders: Sendable {
    struct Field: Sendable {
        var nameStart: UInt32
        var nameLength: UInt32
        var valueStart: UInt32
        var valueLength: UInt32
    }

    /// Whole lines `name: value\r\n` and nothing else.
    private(set) var block: [UInt8]
    private(set) var fields: [Field]

    public init() {
        block = []
        fields = []
    }

    /// - Parameter block: lines that the parser has checked; `fields` are offsets into it.
    init(checkedBlock block: [UInt8], fields: [Field]) {
        self.block = block
        self.fields = fields
    }

    public var count: Int { fields.count }
    public var isEmpty: Bool { fields.isEmpty }

    /// The first value under the name. Setting replaces all of them; nil removes.
    public subscript(name: String) -> String? {
        get {
            for field in fields where matches(field, name) { return value(of: field) }
            return nil
        }
        set {
            remove(name)
            if let newValue { add(name, newValue) }
        }
    }

    /// Every value under the name, in order.
    public func values(_ name: String) -> [String] {
        fields.filter { matches($0, name) }.map(value(of:))
    }

    /// How many fields have the name.
    public func occurrences(of name: String) -> Int {
        var count = 0
        for field in fields where matches(field, name) { count += 1 }
        return count
    }

    public func contains(_ name: String) -> Bool { fields.contains { matches($0, name) } }

    /// Whether one of the fields is the word. - Parameter word: in lower case.
    func contains(word: StaticString) -> Bool {
        block.withUnsafeBufferPointer { bytes in
            fields.contains { field in
                let start = Int(field.nameStart)
                return HTTPText.matches(UnsafeBufferPointer(rebasing: bytes[start..<start + Int(field.nameLength)]), word)
            }
        }
    }

    /// Whether a comma-separated list under the name holds the token, without case, e.g. `Connection: close`.
    public func lists(_ name: String, _ token: String) -> Bool {
        values(name).contains { value in
            value.split(separator: ",").contains { HTTPText.trim($0).lowercased() == token }
        }
    }

    /// Appends a field. CR, LF and NUL in the value become spaces, so that a value can never start another field.
    /// A name that is not a token is a programmer's error and is refused.
    public mutating func add(_ name: String, _ value: String) {
        precondition(HTTPText.isToken(name.utf8), "a header name is an HTTP token")
        if block.isEmpty { block.reserveCapacity(128) }
        let nameStart = block.count
        block.append(contentsOf: name.utf8)
        block.append(UInt8(ascii: ":"))
        block.append(UInt8(ascii: " "))
        let valueStart = block.count
        for byte in value.utf8 { block.append(byte == 13 || byte == 10 || byte == 0 ? 32 : byte) }
        fields.append(Field(
            nameStart: UInt32(nameStart), nameLength: UInt32(name.utf8.count), valueStart: UInt32(valueStart),
            valueLength: UInt32(block.count - valueStart)))
        block.append(13)
        block.append(10)
    }

    /// Appends a field whose grammar is known to be right.
    mutating func append(checkedName name: UnsafeBufferPointer<UInt8>, checkedValue value: UnsafeBufferPointer<UInt8>) {
        let start = block.count
        block.append(contentsOf: name)
        block.append(UInt8(ascii: ":"))
        block.append(UInt8(ascii: " "))
        block.append(contentsOf: value)
        fields.append(Field(
            nameStart: UInt32(start), nameLength: UInt32(name.count), valueStart: UInt32(start + name.count + 2), valueLength: UInt32(value.count)))
        block.append(13)
        block.append(10)
    }

    /// Every field's bytes in order, valid during the call.
    func withFields(_ work: (_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Void) {
        block.withUnsafeBufferPointer { bytes in
            for field in fields {
                let (name, value) = (Int(field.nameStart), Int(field.valueStart))
                work(
                    UnsafeBufferPointer(rebasing: bytes[name..<name + Int(field.nameLength)]),
                    UnsafeBufferPointer(rebasing: bytes[value..<value + Int(field.valueLength)]))
            }
        }
    }

    public mutating func remove(_ name: String) {
        guard contains(name) else { return }
        let kept = filter { !HTTPText.equalIgnoringCase($0.name.utf8, name.utf8) }
        self = HTTPHeaders()
        for (name, value) in kept { add(name, value) }
    }

    private func value(of field: Field) -> String { text(field.valueStart, field.valueLength) }

    private func text(_ start: UInt32, _ length: UInt32) -> String {
        block.withUnsafeBufferPointer { bytes in
            String(decoding: UnsafeBufferPointer(rebasing: bytes[Int(start)..<Int(start + length)]), as: UTF8.self)
        }
    }

    private func matches(_ field: Field, _ name: String) -> Bool {
        guard Int(field.nameLength) == name.utf8.count else { return false }
        var at = Int(field.nameStart)
        for byte in name.utf8 {
            if HTTPText.lower(byte) != HTTPText.lower(block[at]) { return false }
            at += 1
        }
        return true
    }
}

extension HTTPHeaders: Sequence {
    public func makeIterator() -> AnyIterator<(name: String, value: String)> {
        var index = 0
        return AnyIterator {
            guard index < fields.count else { return nil }
            defer { index += 1 }
            let field = fields[index]
            return (text(field.nameStart, field.nameLength), text(field.valueStart, field.valueLength))
        }
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { add(name, value) }
    }
}

extension HTTPHeaders: Equatable {
    /// Equal names (without case) and values in the same order.
    public static func == (a: HTTPHeaders, b: HTTPHeaders) -> Bool {
        a.elementsEqual(b) { HTTPText.equalIgnoringCase($0.name.utf8, $1.name.utf8) && $0.value == $1.value }
    }
}
