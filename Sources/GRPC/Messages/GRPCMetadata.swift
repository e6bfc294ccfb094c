import Core
import HTTP

/// What travels beside a call's messages: pairs in order, names in lower case, which may repeat. Names that end in
/// `-bin` carry bytes, all others visible ASCII. What arrives is kept as the header fields that it came in and decoded
/// when it is asked for.
public struct GRPCMetadata: Sendable, Equatable {
    private(set) var headers: HTTPHeaders

    public init() { headers = HTTPHeaders() }

    /// - Parameter headers: as received, the protocol's own fields among them; those are not shown.
    init(received headers: HTTPHeaders) { self.headers = headers }

    public var isEmpty: Bool { !headers.contains { !Self.isReserved($0.name) } }

    /// The first text under the name.
    public subscript(name: String) -> String? { Self.isReserved(name) ? nil : headers[name] }

    /// Every text under the name, in order.
    public func values(_ name: String) -> [String] { Self.isReserved(name) ? [] : headers.values(name) }

    /// Every value under a name that ends in `-bin`, in order.
    /// - Throws: `invalidArgument` where one is no base64.
    public func binary(_ name: String) throws(MonoflowError) -> [[UInt8]] {
        var out: [[UInt8]] = []
        for value in values(name) {
            // Proxies may join fields of one name, and base64 holds no comma.
            for part in value.split(separator: ",", omittingEmptySubsequences: false) {
                guard let bytes = GRPCText.bytes(base64: part.trimming { $0 == " " || $0 == "\t" }) else {
                    throw MonoflowError(.invalidArgument, "read metadata", name, "the value is not base64")
                }
                out.append(bytes)
            }
        }
        return out
    }

    /// The names of all pairs, in order and with repetitions.
    public var names: [String] { headers.map(\.name).filter { !Self.isReserved($0) } }

    /// - Throws: `invalidArgument` for a name that is reserved or has other characters than `a–z 0–9 - _ .`, or ends in
    ///   `-bin`, and for a value with other characters than visible ASCII and inner spaces.
    public mutating func add(_ name: String, _ value: String) throws(MonoflowError) {
        try Self.check(name)
        if name.hasSuffix("-bin") {
            throw MonoflowError(.invalidArgument, "add metadata", name, "a name that ends in -bin takes bytes")
        }
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 <= 0x7e }), value.utf8.first != 0x20, value.utf8.last != 0x20 else {
            throw MonoflowError(
                .invalidArgument, "add metadata", name, "the value has other characters than visible ASCII",
                hint: "use a name that ends in -bin for bytes")
        }
        headers.add(name, value)
    }

    /// - Throws: `invalidArgument` for a name as above, or that does not end in `-bin`.
    public mutating func add(_ name: String, binary value: [UInt8]) throws(MonoflowError) {
        try Self.check(name)
        guard name.hasSuffix("-bin") else {
            throw MonoflowError(.invalidArgument, "add metadata", name, "a name of bytes ends in -bin")
        }
        headers.add(name, GRPCText.base64(value))
    }

    private static func check(_ name: String) throws(MonoflowError) {
        let isPlain = !name.isEmpty && name.utf8.allSatisfy { byte in
            (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 95 || byte == 46
        }
        guard isPlain else {
            throw MonoflowError(.invalidArgument, "add metadata", name, "a name has the characters a–z, 0–9, '-', '_' and '.' only")
        }
        if isReserved(name) { throw MonoflowError(.invalidArgument, "add metadata", name, "the name belongs to the protocol") }
    }

    /// Fields of HTTP and gRPC themselves.
    static func isReserved(_ name: String) -> Bool {
        let name = name.lowercased()
        return name.hasPrefix("grpc-") || name.hasPrefix(":") || hopFields.contains(name)
    }

    private static let hopFields: Set<String> = [
        "content-type", "content-length", "te", "host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
        "trailer", "date",
    ]
}

extension StringProtocol {
    /// Without the characters at both ends that satisfy the condition.
    fileprivate func trimming(_ isTrimmed: (Character) -> Bool) -> SubSequence {
        var rest = self[...]
        while let first = rest.first, isTrimmed(first) { rest = rest.dropFirst() }
        while let last = rest.last, isTrimmed(last) { rest = rest.dropLast() }
        return rest
    }
}
