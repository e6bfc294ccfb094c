/// The few structures of X.690's distinguished encoding that keys and signatures need.
enum DER {
    static func sequence(_ content: [UInt8]) -> [UInt8] { element(0x30, content) }

    /// A number without sign, given in big-endian bytes.
    static func integer(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let digits = trimmed(bytes)
        guard let first = digits.first else { return element(0x02, [0]) }
        return element(0x02, first & 0x80 != 0 ? [0] + digits : digits)
    }

    static func trimmed(_ bytes: some Collection<UInt8>) -> [UInt8] { Array(bytes.drop { $0 == 0 }) }

    /// SubjectPublicKeyInfo of rsaEncryption (RFC 3279, section 2.3.1).
    static func rsaKey(modulus: [UInt8], exponent: [UInt8]) -> [UInt8] {
        let algorithm = sequence([0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00])
        return sequence(algorithm + bits(sequence(integer(modulus) + integer(exponent))))
    }

    /// SubjectPublicKeyInfo of an uncompressed point on P-256 (RFC 5480, section 2).
    static func p256Key(x: [UInt8], y: [UInt8]) -> [UInt8] {
        let algorithm = sequence([
            0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
        ])
        return sequence(algorithm + bits([0x04] + x + y))
    }

    private static func bits(_ content: [UInt8]) -> [UInt8] { element(0x03, [0] + content) }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length: [UInt8] = [], rest = content.count
        if rest < 0x80 { return [tag, UInt8(rest)] + content }
        while rest > 0 {
            length.insert(UInt8(rest & 0xff), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }
}
