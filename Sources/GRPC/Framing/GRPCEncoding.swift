import Core
import HTTP

/// How messages are packed on the way, as `grpc-encoding` names it.
public enum GRPCEncoding: String, Sendable, Hashable, CaseIterable {
    case identity, gzip, deflate

    /// The value of `grpc-accept-encoding`.
    static let accepted = allCases.map(\.rawValue).joined(separator: ",")

    /// Messages are packed while somebody waits, and a higher level gains little on them.
    private static let level = 1

    /// Nil for identity.
    var format: DeflateFormat? {
        switch self {
        case .identity: nil
        case .gzip: .gzip
        case .deflate: .zlib
        }
    }

    /// - Returns: nil where the peer accepts nothing that packs. - Parameter list: the peer's `grpc-accept-encoding`.
    static func choose(from list: String?) -> GRPCEncoding? {
        guard let list else { return nil }
        let names = list.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }
        return [gzip, deflate].first { names.contains($0.rawValue) }
    }

    /// - Throws: `resourceExhausted` as soon as more than `limit` bytes come out; `internalError` for broken input.
    func decompress(_ message: GRPCMessage, limit: Int) throws(GRPCStatus) -> GRPCMessage {
        guard let format else { return message }
        var out: [UInt8] = []
        do {
            let inflater = try Inflater(format)
            out.reserveCapacity(min(limit, 4 * message.count))
            // One byte more than allowed tells that there are more.
            try message.withUnsafeBytes { _ = try inflater.read($0, into: &out, bound: limit + 1) }
            if out.count <= limit { try inflater.finish() }
        } catch {
            let reason = (error as? MonoflowError) ?? MonoflowError.wrap(error, "decompress")
            if reason.code == .resourceExhausted { throw GRPCStatus(reason) }
            throw GRPCStatus(.internalError, "a message is not \(rawValue), as grpc-encoding says: \(reason.message)")
        }
        guard out.count <= limit else {
            throw GRPCStatus(.resourceExhausted, "a message decompresses to more than the limit of \(limit) bytes")
        }
        return GRPCMessage(storage: out, range: 0..<out.count)
    }

    /// - Returns: nil where packing would make the message no shorter, or there is no memory for it.
    func compress(_ message: GRPCMessage) -> GRPCMessage? {
        guard let format, let deflater = try? Deflater(format, level: Self.level) else { return nil }
        var out = [UInt8](repeating: 0, count: GRPCMessage.prefixLength)
        out.reserveCapacity(message.count / 3 + 64)
        let isPacked: Void? = try? message.withUnsafeBytes { try deflater.write($0, .finish, into: &out) }
        let count = out.count - GRPCMessage.prefixLength
        if isPacked == nil || count >= message.count { return nil }
        return GRPCMessage(storage: out, range: GRPCMessage.prefixLength..<out.count)
    }
}
