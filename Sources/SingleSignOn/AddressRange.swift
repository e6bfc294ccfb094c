import Core
import Foundation

/// Addresses with the same first bits: `10.0.0.0/8`, `::1/128`, or one address.
public struct AddressRange: Sendable, Equatable {
    private let base: [UInt8]
    private let bits: Int

    /// - Throws: `invalidArgument` for what is no range, or has bits set behind its prefix.
    public init(_ text: String) throws(MonoflowError) {
        func bad(_ why: String) -> MonoflowError {
            MonoflowError(.invalidArgument, "read address range", text, why, hint: "write it as 10.0.0.0/8 or fd00::/8")
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = Self.bytes(String(parts[0])) else { throw bad("is no numeric address") }
        var bits = base.count * 8
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let given = Int(parts[1]), given <= bits else {
                throw bad("the prefix is not 0 to \(bits)")
            }
            bits = given
        }
        for index in bits..<(base.count * 8) where base[index / 8] & (0x80 >> UInt8(index % 8)) != 0 { throw bad("has bits set behind its prefix") }
        self.base = base
        self.bits = bits
    }

    public func contains(_ address: String) -> Bool {
        guard let other = Self.bytes(address), other.count == base.count else { return false }
        return (0..<bits).allSatisfy { (base[$0 / 8] ^ other[$0 / 8]) & (0x80 >> UInt8($0 % 8)) == 0 }
    }

    /// Whether it has an address of this machine's loopback.
    public var reachesLoopback: Bool { base.count == 4 ? contains("127.0.0.1") || base[0] == 127 && bits >= 8 : contains("::1") }

    /// 4 bytes, or 16; an IPv4 address written as an IPv6 one (RFC 4291, section 2.5.5.2) is the IPv4 address.
    private static func bytes(_ text: String) -> [UInt8]? {
        var four = [UInt8](repeating: 0, count: 4), sixteen = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &four) == 1 { return four }
        guard inet_pton(AF_INET6, text, &sixteen) == 1 else { return nil }
        if sixteen[..<10].allSatisfy({ $0 == 0 }), sixteen[10] == 0xff, sixteen[11] == 0xff { return Array(sixteen[12...]) }
        return sixteen
    }
}
