/// What a client's `Accept-Encoding` says (RFC 9110, section 12.5.3), read without making strings: browsers send it with
/// every request.
struct AcceptEncoding: Equatable {
    /// Weights in thousandths; nil where the coding is not named.
    private var gzip: Int?
    private var deflate: Int?
    private var identity: Int?
    private var others: Int?
    /// Whether there was a field at all.
    private(set) var isPresent = false

    init(_ headers: HTTPHeaders) {
        headers.forEachValue("Accept-Encoding") { value in
            isPresent = true
            read(value)
        }
    }

    /// What to send: a coding, or nil for the body as it is. gzip is preferred where the weights are equal.
    var choice: ContentCoding? {
        let (gzip, deflate) = (gzip ?? others ?? 0, deflate ?? others ?? 0)
        let best = max(gzip, deflate)
        // A body as it is that nobody asks for comes last, whatever the others' weights.
        guard best > 0, best >= identity ?? 0 else { return nil }
        return gzip >= deflate ? .gzip : .deflate
    }

    /// Whether a body as it is was excluded, by name or by `*;q=0`.
    var refusesIdentity: Bool { isPresent && identity ?? (others == 0 ? 0 : 1) == 0 }

    private mutating func read(_ value: UnsafeRawBufferPointer) {
        for item in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: true) {
            let end = item.firstIndex(of: UInt8(ascii: ";")) ?? item.endIndex
            guard let weight = Self.weight(item[end...]) else { continue }
            let name = Self.trimmed(item[..<end])
            func isNamed(_ text: StaticString) -> Bool {
                name.count == text.utf8CodeUnitCount && zip(name, 0..<name.count).allSatisfy { HTTPText.lower($0) == text.utf8Start[$1] }
            }
            if isNamed("gzip") || isNamed("x-gzip") {
                gzip = max(gzip ?? 0, weight)
            } else if isNamed("deflate") {
                deflate = weight
            } else if isNamed("identity") {
                identity = weight
            } else if isNamed("*") {
                others = weight
            }
        }
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var rest = bytes
        while let first = rest.first, first == 32 || first == 9 { rest.removeFirst() }
        while let last = rest.last, last == 32 || last == 9 { rest.removeLast() }
        return rest
    }

    /// The weight in `;q=0.5`, 1000 where there is none. - Returns: nil for what is no weight: the item is then left out.
    private static func weight(_ parameters: Slice<UnsafeRawBufferPointer>) -> Int? {
        if parameters.isEmpty { return 1000 }
        let text = trimmed(parameters.dropFirst())
        guard text.count >= 3, text.count <= 7, HTTPText.lower(text[text.startIndex]) == UInt8(ascii: "q"),
            text[text.startIndex + 1] == UInt8(ascii: "=")
        else { return nil }
        let digits = text.dropFirst(2)
        guard let whole = digits.first, whole == 48 || whole == 49 else { return nil }
        var weight = whole == 49 ? 1000 : 0
        if digits.count > 1 {
            guard digits[digits.startIndex + 1] == UInt8(ascii: ".") else { return nil }
            var place = 100
            for byte in digits.dropFirst(2) {
                guard (48...57).contains(byte) else { return nil }
                weight += Int(byte - 48) * place
                place /= 10
            }
        }
        return weight <= 1000 ? weight : nil
    }
}

extension HTTPHeaders {
    /// The values under a name, as they stand in the block.
    func forEachValue(_ name: StaticString, _ body: (UnsafeRawBufferPointer) -> Void) {
        block.withUnsafeBytes { bytes in
            for field in fields where Int(field.nameLength) == name.utf8CodeUnitCount {
                let start = Int(field.nameStart)
                var at = 0
                while at < name.utf8CodeUnitCount, HTTPText.lower(bytes[start + at]) == HTTPText.lower(name.utf8Start[at]) { at += 1 }
                guard at == name.utf8CodeUnitCount else { continue }
                let value = Int(field.valueStart)
                body(UnsafeRawBufferPointer(rebasing: bytes[value..<(value + Int(field.valueLength))]))
            }
        }
    }
}
