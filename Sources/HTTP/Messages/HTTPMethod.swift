/// A request method. Others than these are answered 501.
public enum HTTPMethod: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"

    /// Methods are case-sensitive.
    init?(bytes: UnsafeRawBufferPointer) {
        for method in Self.allCases where bytes.elementsEqual(method.rawValue.utf8) {
            self = method
            return
        }
        return nil
    }
}

/// The protocol version of a message; a minor version above 1 is treated as 1.
public enum HTTPVersion: Sendable, Hashable {
    case http10, http11, http2
}
