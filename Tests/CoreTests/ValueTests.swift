import Core
import Testing

@Suite struct ValueTests {
    /// These are stored: a release that computes others would run steps again after an upgrade.
    @Test func derivedIdentifiersNeverChange() {
        let id = Identifiers.derived("node", "run", "parent", "task", "")
        #expect(id == "450959b5-610c-5f77-98e8-130d5ceddee2")
        #expect(id != Identifiers.derived("node", "run", "parent", "task", "0"))
        #expect(id != Identifiers.derived("node", "runparent", "", "task", ""))
        #expect(id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
    }

    @Test func timesAreWrittenAndRead() {
        let time = Timestamp(milliseconds: 1_795_483_750_843)
        #expect(time.rfc3339() == "2026-11-24T01:29:10Z")
        #expect(time.rfc3339(milliseconds: true) == "2026-11-24T01:29:10.843Z")
        #expect(Timestamp(rfc3339: "2026-11-24T01:29:10.843Z") == time)
        #expect(Timestamp(rfc3339: "2026-11-24T03:29:10+02:00") == Timestamp(milliseconds: 1_795_483_750_000))
        #expect(Timestamp(rfc3339: "yesterday") == nil)
    }

    @Test func hashesAreTheKnownOnes() {
        #expect(Hashing.sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Hashing.sha256Hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Hashing.constantTimeEqual([1, 2], [1, 2]) && !Hashing.constantTimeEqual([1, 2], [1, 3]) && !Hashing.constantTimeEqual([1], [1, 2]))
        #expect(Set((0..<100).map { _ in Hashing.hex(Hashing.randomBytes(16)) }).count == 100)
    }

    @Test func anErrorIsOneLineWithItsPlace() {
        let error = MonoflowError(.notFound, "get run", "r1", "there is no such run", hint: "list them")
        #expect(error.description == "get run: r1: there is no such run (list them)")
        #expect(error.reason == "r1: there is no such run (list them)")
        #expect(MonoflowError.wrap(error, "other") == error)
    }
}
