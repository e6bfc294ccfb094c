import Core
import Testing

@Suite struct SealingTests {
    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0 }
    }

    private static let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", nonce = "cafebabefacedbaddecaf888"
    private static let zeros = String(repeating: "0", count: 64)
    private static let text = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
    private static let hidden = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"

    /// The cases of the mode's submission to NIST that have keys of 256 and nonces of 96 bits: key, nonce, authenticated, plain, hidden, tag.
    @Test(arguments: [
        [zeros, String(repeating: "0", count: 24), "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"],
        [zeros, String(repeating: "0", count: 24), "", String(repeating: "0", count: 32), "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"],
        [key, nonce, "", text, hidden, "b094dac5d93471bdec1a502270e3cc6c"],
        [key, nonce, "feedfacedeadbeeffeedfacedeadbeefabaddad2", String(text.prefix(120)), String(hidden.prefix(120)), "76fc6ece0f4e1768cddf8853bb2d551b"],
    ])
    func knownAnswers(_ row: [String]) {
        let row = row.map(Self.bytes)
        let sealed = AESGCM.seal(row[3], key: row[0], nonce: row[1], authenticating: row[2])
        #expect(sealed.hidden == row[4] && sealed.tag == row[5])
        #expect(AESGCM.open(row[4], tag: row[5], key: row[0], nonce: row[1], authenticating: row[2]) == row[3])
    }

    @Test func everyByteCounts() throws {
        let key = SealingKey.random(), place = Array("secrets/a/b".utf8), plain = Array("a small secret".utf8)
        let text = key.seal(plain, authenticating: place)
        #expect(key.open(text, authenticating: place) == plain)
        #expect(text.hasPrefix("mfs1:\(key.id):") && SealingKey.keyID(of: text) == key.id && !text.contains("secret"))
        let letters = Array(text.utf8)
        for index in letters.indices {
            for bit in 0..<8 {
                var changed = letters
                changed[index] ^= 1 << bit
                #expect(key.open(String(decoding: changed, as: UTF8.self), authenticating: place) == nil, "letter \(index), bit \(bit)")
            }
            #expect(key.open(String(decoding: letters[..<index], as: UTF8.self), authenticating: place) == nil)
        }
        for index in place.indices {
            var other = place
            other[index] ^= 1
            #expect(key.open(text, authenticating: other) == nil)
        }
        #expect(key.open(text + "A", authenticating: place) == nil && key.open(text + "\n", authenticating: place) == nil)
        #expect(SealingKey.random().open(text, authenticating: place) == nil)
        #expect(key.open(key.seal([], authenticating: place), authenticating: place) == [])
    }

    @Test func bytesOfTheCipherCount() {
        let key = Hashing.randomBytes(32), nonce = Hashing.randomBytes(12), place: [UInt8] = [1, 2]
        let sealed = AESGCM.seal([1, 2, 3, 4], key: key, nonce: nonce, authenticating: place)
        for index in 0..<sealed.hidden.count {
            var hidden = sealed.hidden
            hidden[index] ^= 128
            #expect(AESGCM.open(hidden, tag: sealed.tag, key: key, nonce: nonce, authenticating: place) == nil)
        }
        for index in 0..<16 {
            var tag = sealed.tag
            tag[index] ^= 1
            #expect(AESGCM.open(sealed.hidden, tag: tag, key: key, nonce: nonce, authenticating: place) == nil)
        }
        #expect(AESGCM.open(sealed.hidden, tag: Array(sealed.tag.prefix(12)), key: key, nonce: nonce, authenticating: place) == nil)
    }

    @Test func noncesDiffer() {
        let key = SealingKey.random()
        var heads: Set<Substring> = []
        // 12 bytes are 16 letters.
        for _ in 0..<2_000 { heads.insert(key.seal([1], authenticating: []).dropFirst("mfs1:".count + 17).prefix(16)) }
        #expect(heads.count == 2_000)
    }

    @Test func idsFollowFromKeys() {
        let bytes = Hashing.randomBytes(32)
        #expect(SealingKey(bytes)?.id == SealingKey(bytes)?.id && SealingKey(bytes)?.id.count == 16 && SealingKey.random().id != SealingKey.random().id)
        #expect(SealingKey(Array(bytes.dropLast())) == nil)
    }
}
