import Core
import HTTP

/// A request of the server's API, before it is sent.
struct APIRequest: Sendable, Equatable {
    struct QueryItem: Sendable, Equatable {
        var name: String
        var value: String
    }

    struct Body: Sendable, Equatable {
        var bytes: [UInt8]
        var type: String
    }

    var method: HTTPMethod
    /// Percent-encoded, begins with a slash.
    var path: String
    var query: [QueryItem] = []
    var accept = "application/json"
    var body: Body?

    init(_ segments: [String], query: KeyValuePairs<String, String?> = [:]) { self.init(.get, segments, query: query) }

    /// - Parameter query: items without a value are left out.
    init(_ method: HTTPMethod, _ segments: [String], query: KeyValuePairs<String, String?> = [:], body: JSON? = nil, type: String = "application/json") {
        self.method = method
        path = "/" + segments.map(Self.encoded).joined(separator: "/")
        self.query = query.compactMap { name, value in value.map { QueryItem(name: name, value: $0) } }
        self.body = body.map { Body(bytes: $0.serialized(), type: type) }
    }

    /// Path and query as they stand on the wire.
    var target: String {
        if query.isEmpty { return path }
        return path + "?" + query.map { Self.encoded($0.name) + "=" + Self.encoded($0.value) }.joined(separator: "&")
    }

    mutating func add(_ name: String, _ value: String?) {
        if let value { query.append(QueryItem(name: name, value: value)) }
    }

    /// Everything but RFC 3986's unreserved characters as `%XX`.
    static func encoded(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                out += "%" + (hex.count == 1 ? "0" + hex : hex)
            }
        }
        return out
    }
}
