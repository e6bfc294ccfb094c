/// Gathers the fields of one response of HTTP/2, or of its trailers. libnghttp2 has checked their grammar.
struct HTTP2ResponseReader {
    private(set) var status: HTTPStatus?
    private(set) var headers = HTTPHeaders()
    private var size = 0

    /// - Returns: false where the fields are over their bounds, or the status is none.
    mutating func add(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, _ options: HTTP2ClientOptions) -> Bool {
        size += name.count + value.count + 32
        guard size <= options.headerBytes, headers.count < options.headerCount else { return false }
        if name.first == UInt8(ascii: ":") {
            guard HTTPText.matches(name, ":status") else { return true }
            guard value.count == 3, let code = Int(String(decoding: value, as: UTF8.self)), (100...599).contains(code) else { return false }
            status = HTTPStatus(code)
        } else {
            headers.append(checkedName: name, checkedValue: value)
        }
        return true
    }
}
