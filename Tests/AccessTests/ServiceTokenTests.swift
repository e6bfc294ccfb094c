import Core
import Testing

@testable import Access

@Suite struct ServiceTokenTests {
    @Test func hmacIsRFC4231() {
        let code = Hashing.hmacSHA256(key: Array("Jefe".utf8), "what do ya want for nothing?".utf8)
        #expect(Hashing.hex(code) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(Hashing.hex(Hashing.hmacSHA256(key: [UInt8](repeating: 0x0b, count: 20), "Hi There".utf8))
            == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    }

    @Test func standsForItsTaskWhileThatRuns() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let id = Identifiers.random(), token = fixture.services.issue(taskID: id, namespace: "default")
        #expect(await failure { _ = try await fixture.access.authenticate(bearer: token) }?.code == .unauthenticated)
        fixture.tasks.namespaces.withLock { $0[id] = "default" }
        let task = try #require(fixture.access.cachedPrincipal(bearer: token))
        #expect(task.kind == .service(taskID: id) && task.homeNamespace == "default" && !task.isAdmin)
        #expect(task.roles == ["default": .editor])
        #expect(try await fixture.access.authenticate(bearer: token).kind == task.kind)
        fixture.tasks.namespaces.withLock { $0[id] = nil }
        #expect(fixture.access.cachedPrincipal(bearer: token) == nil)
    }

    @Test func aForgeryIsRefused() throws {
        let tokens = ServiceTokens(key: [UInt8](repeating: 1, count: 32)), others = ServiceTokens(key: [UInt8](repeating: 2, count: 32))
        let good = tokens.issue(taskID: "a", namespace: "team")
        let known: (String) -> String? = { ["a": "team", "b": "team"][$0] }
        #expect(tokens.verify(good, namespace: known)?.namespace == "team")
        let code = String(good.suffix(64))
        for bad in [
            others.issue(taskID: "a", namespace: "team"), tokens.issue(taskID: "a", namespace: "other"), "mft_b_" + code, "mft_a_",
            String(good.dropLast()), good + "0", good.uppercased(), "mft__" + code, "mft_" + code, "mft_", "mf_a_" + code,
        ] {
            #expect(tokens.verify(bad, namespace: known) == nil, "\(bad)")
        }
    }
}
