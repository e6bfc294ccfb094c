/// A content coding that this server reads and writes (RFC 9110, section 8.4.1).
public enum ContentCoding: Sendable, Hashable {
    case gzip
    case deflate

    /// As `Content-Encoding` names it.
    public var name: String { self == .gzip ? "gzip" : "deflate" }

    public var format: DeflateFormat { self == .gzip ? .gzip : .zlib }

    /// What is read, as `Accept-Encoding` of an answer tells it.
    static let accepted = "gzip, deflate"

    /// The codings of a body in the order in which they were applied; `identity` is left out.
    /// - Parameter values: of the `Content-Encoding` fields.
    /// - Returns: nil where one is not known, or there are more than `limit`.
    static func list(_ values: [String], limit: Int) -> [ContentCoding]? {
        var codings: [ContentCoding] = []
        for value in values {
            for item in value.split(separator: ",") {
                switch HTTPText.trim(item).lowercased() {
                case "gzip", "x-gzip": codings.append(.gzip)
                case "deflate": codings.append(.deflate)
                case "identity", "": break
                default: return nil
                }
                if codings.count > limit { return nil }
            }
        }
        return codings
    }
}
