import Testing

@testable import Core

@Suite struct ValueTests {
    /// These are stored as keys of nodes and tasks: a change would start every step of a live run again.
    @Test func derivedIdentifiersNeverChange() {
        #expect(Identifiers.derived("node", "run", "parent", "task", "") == "450959b5-610c-5f77-98e8-130d5ceddee2")
        #expect(Identifiers.derived("node", "00000000-0000-4000-8000-000000000001", "", "root", "") == "1519be21-479b-50c9-8c12-af693d9244a5")
        #expect(Identifiers.derived("node", "00000000-0000-4000-8000-000000000001", "parent", "train", "3") == "37997b86-baa9-5994-b5bf-c1fb0576f84e")
        #expect(Identifiers.derived("task", "node-1", "1") == "17e32e4e-6eb8-5c70-b48e-ee0f25767646")
        #expect(Identifiers.derived("a", "b") != Identifiers.derived("ab") && Identifiers.derived("a", "b") != Identifiers.derived("a", "b", ""))
    }

    @Test func identifiersAreUUIDs() {
        for id in [Identifiers.random(), Identifiers.derived("x"), IdentifierSource.random.next()] {
            #expect(id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil, "\(id)")
        }
        #expect(Identifiers.random() != Identifiers.random())
    }

    /// FIPS 180-2 and RFC 4231.
    @Test func knownHashes() {
        #expect(Hashing.sha256Hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Hashing.sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Hashing.sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            Hashing.hex(Hashing.hmacSHA256(key: Array("Jefe".utf8), "what do ya want for nothing?".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            Hashing.hex(Hashing.hmacSHA256(key: [UInt8](repeating: 0x0b, count: 20), "Hi There".utf8))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        var hasher = SHA256Hasher()
        for part in ["a", "", "bc"] { Array(part.utf8).withUnsafeBytes { hasher.update($0) } }
        #expect(Hashing.hex(hasher.finish()) == Hashing.sha256Hex("abc"))
    }

    @Test func secretsAreCompared() {
        #expect(Hashing.constantTimeEqual("abc".utf8, "abc".utf8))
        #expect(!Hashing.constantTimeEqual("abc".utf8, "abd".utf8) && !Hashing.constantTimeEqual("abc".utf8, "ab".utf8))
        #expect(Hashing.constantTimeEqual("".utf8, "".utf8))
        #expect(Hashing.randomBytes(32).count == 32 && Hashing.randomBytes(16) != Hashing.randomBytes(16))
        #expect(Hashing.hex([0, 15, 255]) == "000fff")
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"), (1_795_523_696_007, "2026-11-24T12:34:56Z", "2026-11-24T12:34:56.007Z"),
        (951_782_400_000, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999Z"),
    ])
    func timesAsText(milliseconds: Int64, short: String, long: String) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(time.rfc3339() == short)
        #expect(time.rfc3339(milliseconds: true) == long)
        #expect(Timestamp(rfc3339: long) == time)
    }

    @Test func timesAreRead() {
        #expect(Timestamp(rfc3339: "2026-11-24T12:34:56+02:00") == Timestamp(rfc3339: "2026-11-24T10:34:56Z"))
        #expect(Timestamp(rfc3339: "2026-11-24T12:34:56.5Z")?.milliseconds == 1_795_523_696_500)
        for text in ["", "yesterday", "2026-11-24", "2026-13-01T00:00:00Z", "2026-11-24T12:34:56"] { #expect(Timestamp(rfc3339: text) == nil, "\(text)") }
        #expect(Timestamp(milliseconds: 1) < Timestamp(milliseconds: 2))
    }

    @Test func noLengthOverflows() {
        let now = Timestamp(milliseconds: 1000)
        #expect(now.advanced(seconds: 1.5).milliseconds == 2500)
        for seconds in [1e300, .infinity, .nan, -5, -.infinity] { #expect(now.advanced(seconds: seconds) >= now) }
    }

    @Test func errorsInOneLine() {
        let error = MonoflowError(.notFound, "get run", "r1", "there is no such run", hint: "list them")
        #expect(error.description == "get run: r1: there is no such run (list them)")
        #expect(error.reason == "r1: there is no such run (list them)")
        #expect(MonoflowError(.internalError, "work", "", "broke").description == "work: broke")
        #expect(MonoflowError.wrap(error, "other") == error)
        #expect(MonoflowError.wrap(CancellationError(), "other", "x").code == .internalError)
    }
}
