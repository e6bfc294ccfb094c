import CNGHTTP2

/// Fields in the form that libnghttp2 takes: one buffer of bytes, and where each name and value stands in it.
struct HTTP2FieldList {
    private var bytes: [UInt8] = []
    private var fields: [(name: Int, nameLength: Int, value: Int, valueLength: Int)] = []

    init() {
        bytes.reserveCapacity(256)
        fields.reserveCapacity(16)
    }

    mutating func add(_ name: StaticString, _ value: some Collection<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        let middle = bytes.count
        bytes.append(contentsOf: value)
        fields.append((start, middle - start, middle, bytes.count - middle))
    }

    mutating func add(_ name: StaticString, decimal value: Int64) {
        let start = bytes.count
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        let middle = bytes.count
        ResponseEncoder.append(decimal: value, &bytes)
        fields.append((start, middle - start, middle, bytes.count - middle))
    }

    /// Adds ordinary fields, names in lower case. What only HTTP/1.1 knows, and `Content-Length`, is left out.
    mutating func add(_ headers: HTTPHeaders) {
        headers.withFields { name, value in
            if Self.isOfConnection(name) { return }
            let start = bytes.count
            for byte in name { bytes.append(HTTPText.lower(byte)) }
            let middle = bytes.count
            bytes.append(contentsOf: value)
            fields.append((start, middle - start, middle, bytes.count - middle))
        }
    }

    private static let ofConnection: [StaticString] = [
        "te", "upgrade", "connection", "keep-alive", "content-length", "proxy-connection", "transfer-encoding",
    ]

    static func isOfConnection(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        for word in ofConnection where word.utf8CodeUnitCount == name.count && HTTPText.matches(name, word) { return true }
        return false
    }

    /// - Parameter work: the pointers are valid during the call; libnghttp2 copies what they show.
    func withValues(_ work: (UnsafePointer<nghttp2_nv>?, Int) -> Int32) -> Int32 {
        bytes.withUnsafeBufferPointer { all in
            guard let base = all.baseAddress else { return work(nil, 0) }
            let start = UnsafeMutablePointer(mutating: base)
            return withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: fields.count) { values in
                for (index, field) in fields.enumerated() {
                    values.initializeElement(at: index, to: nghttp2_nv(
                        name: start + field.name, value: start + field.value, namelen: field.nameLength, valuelen: field.valueLength,
                        flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
                }
                return work(values.baseAddress, fields.count)
            }
        }
    }
}
