import COpenSSL
import Core
import Foundation
import Synchronization
import Testing
@testable import Sockets

@Suite(.timeLimit(.minutes(1))) struct CertificateTests {
    private static let day: Int64 = 24 * 3600 * 1000

    private final class TestClock: Sendable {
        let time = Mutex(WallClock.system.now().milliseconds)
        var clock: WallClock { WallClock { [self] in Timestamp(milliseconds: time.withLock { $0 }) } }
        func advance(days: Int64) { time.withLock { $0 += days * CertificateTests.day } }
    }

    private func serial(_ identity: TLSIdentity) -> String {
        let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(identity.certificate.raw), nil)
        defer { BN_free(number) }
        return BN_bn2hex(number).map { text in
            defer { CRYPTO_free(text, nil, 0) }
            return String(cString: text)
        } ?? ""
    }

    private func isIssued(_ certificate: Certificate, by issuer: Certificate) -> Bool {
        X509_check_issued(issuer.raw, certificate.raw) == X509_V_OK
    }

    private func mode(_ path: String) -> mode_t {
        var facts = stat()
        stat(path, &facts)
        return facts.st_mode & 0o777
    }

    @Test func firstUseMakesTheFiles() throws {
        let made = try TestAuthority()
        _ = try made.authority.serverIdentity(names: ["localhost"])
        let path = made.scratch.path
        #expect(mode(path + "/ca.key") == 0o600)
        #expect(mode(path + "/server.key") == 0o600)
        #expect(Set(try FileManager.default.contentsOfDirectory(atPath: path)) == ["ca.crt", "ca.key", "server.crt", "server.key"])
        #expect(made.authority.certificatePath == path + "/ca.crt")
    }

    /// RFC 5280 by the letter, as Python 3.13 asks for.
    @Test(arguments: ["localhost", "127.0.0.1", "::1", "node-1.example"]) func strictClientsTakeThem(name: String) async throws {
        let made = try TestAuthority()
        let group = try EventLoopGroup(count: 1)
        let context = try made.context(names: ["localhost", "127.0.0.1", "::1", "node-1.example"])
        let (near, far) = try socketPair()
        let server = Watched(near, group.loops[0], .server(context))
        var settings = SecurePeer.Settings()
        (settings.roots, settings.serverName, settings.isStrict) = (made.roots, name, true)
        let client = try SecurePeer(far, settings)
        try await client.handshake()
        #expect(await server.next() == .ready)
    }

    @Test func nextStartFindsThem() throws {
        let made = try TestAuthority()
        let first = try made.authority.serverIdentity(names: ["localhost", "10.0.0.1"])
        let again = try CertificateAuthority(directory: made.scratch.path, clock: .system)
        #expect(try Files.read(again.certificatePath) == made.roots)
        #expect(serial(try again.serverIdentity(names: ["localhost", "10.0.0.1"])) == serial(first))
        // Another name needs another certificate.
        let wider = try again.serverIdentity(names: ["localhost", "10.0.0.1", "new.example"])
        #expect(serial(wider) != serial(first))
        #expect(wider.certificate.matches("new.example") && !wider.certificate.matches("old.example"))
    }

    @Test func renewsBeforeTheEnd() throws {
        let time = TestClock()
        let made = try TestAuthority(clock: time.clock)
        let first = serial(try made.authority.serverIdentity(names: ["localhost"]))
        time.advance(days: 330)
        #expect(serial(try made.authority.serverIdentity(names: ["localhost"])) == first)
        time.advance(days: 10)
        let second = try made.authority.serverIdentity(names: ["localhost"])
        #expect(serial(second) != first)
        #expect(try #require(second.certificate.expires) > Timestamp(milliseconds: time.clock.now().milliseconds + 360 * Self.day))

        // The authority's own end: the same key and name go on, so that clients who trust the old certificate take the new one's.
        time.advance(days: 2500)
        #expect(try Files.read(try CertificateAuthority(directory: made.scratch.path, clock: time.clock).certificatePath) == made.roots)
        time.advance(days: 500)
        let renewed = try CertificateAuthority(directory: made.scratch.path, clock: time.clock)
        let text = try Files.read(renewed.certificatePath)
        #expect(text != made.roots)
        let old = try PEM.certificates(made.roots, source: "old")[0], leaf = try renewed.serverIdentity(names: ["localhost"]).certificate
        #expect(isIssued(leaf, by: old))
    }

    @Test func anotherAuthoritysCertificateIsReplaced() throws {
        let made = try TestAuthority(), other = try TestAuthority()
        _ = try other.authority.serverIdentity(names: ["localhost"])
        for name in ["server.crt", "server.key"] {
            try Files.writeAtomically(try Files.read(other.scratch.path + "/" + name), to: made.scratch.path + "/" + name)
        }
        let identity = try made.authority.serverIdentity(names: ["localhost"])
        #expect(isIssued(identity.certificate, by: try PEM.certificates(made.roots, source: "")[0]))
    }

    /// The file, what is written into it (nil: it is removed), and words of the error.
    private static let damages: [(file: String, text: String?, words: String)] = [
        ("ca.crt", "", "holds no certificate"), ("ca.crt", "-----BEGIN CERTIFICATE-----\nMIIB\n", "broken or cut off"),
        ("ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "broken or cut off"),
        ("ca.key", "", "holds no whole key"), ("ca.key", nil, "key is missing"), ("server.crt", "half", "holds no certificate"),
        ("server.key", "-----BEGIN PRIVATE KEY-----\nMIG", "holds no whole key"),
    ]

    @Test(arguments: 0..<7) func damageIsAnError(index: Int) throws {
        let damage = Self.damages[index]
        let made = try TestAuthority()
        _ = try made.authority.serverIdentity(names: ["localhost"])
        let path = made.scratch.path + "/" + damage.file
        if let text = damage.text { try Files.writeAtomically(Array(text.utf8), to: path) } else { unlink(path) }
        let error = #expect(throws: MonoflowError.self) {
            try CertificateAuthority(directory: made.scratch.path, clock: .system).serverIdentity(names: ["localhost"])
        }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.subject == path)
        #expect(error?.message.contains(damage.words) == true, "\(String(describing: error))")
        #expect(error?.hint?.contains("remove") == true)
    }

    @Test func halfMadeAuthorityIsFinished() throws {
        let made = try TestAuthority()
        unlink(made.authority.certificatePath)
        _ = try CertificateAuthority(directory: made.scratch.path, clock: .system)
        let again = try PEM.certificates(try Files.read(made.authority.certificatePath), source: "")[0]
        #expect(again.belongs(to: try PEM.key(try Files.read(made.scratch.path + "/ca.key"), source: "")))
    }

    @Test func oddNamesAreRefused() throws {
        let made = try TestAuthority()
        for name in ["", "a,DNS:evil.example", "a b", "fe80::1%eth0", ".a", String(repeating: "a", count: 254), "ä.example"] {
            #expect(!CertificateAuthority.accepts(name), "\(name)")
            #expect(throws: MonoflowError.self) { try made.authority.serverIdentity(names: [name]) }
        }
    }

    @Test func givenFilesAreChecked() throws {
        let made = try TestAuthority(), other = try TestAuthority()
        _ = try (made.authority.serverIdentity(names: ["localhost"]), other.authority.serverIdentity(names: ["localhost"]))
        let certificate = made.scratch.path + "/server.crt", key = made.scratch.path + "/server.key"
        _ = try TLSIdentity(certificatePath: certificate, keyPath: key)
        let mixed = #expect(throws: MonoflowError.self) { try TLSIdentity(certificatePath: certificate, keyPath: other.scratch.path + "/server.key") }
        #expect(mixed?.message == "the private key belongs to another certificate")
        let missing = #expect(throws: MonoflowError.self) { try TLSIdentity(certificatePath: made.scratch.path + "/none.crt", keyPath: key) }
        #expect(missing?.code == .notFound && missing?.subject.hasSuffix("/none.crt") == true)
        let swapped = #expect(throws: MonoflowError.self) { try TLSIdentity(certificatePath: key, keyPath: certificate) }
        #expect(swapped?.message.contains("no certificate") == true)
        #expect(throws: MonoflowError.self) { try TLSServerContext(identities: []) }
        // The chain's second certificate is cut off.
        let cut = try Files.read(certificate) + (try Files.read(made.scratch.path + "/ca.crt")).dropLast(60)
        let broken = #expect(throws: MonoflowError.self) { try TLSIdentity(certificatePEM: cut, keyPEM: try Files.read(key)) }
        #expect(broken?.message.contains("broken or cut off") == true)
    }

    @Test func ticketKeysRotate() {
        let time = Mutex<Int64>(1)
        let keys = TLSTicketKeys(now: { time.withLock { $0 } })
        func name() -> [UInt8] { keys.current().name }
        func isKnown(_ name: [UInt8]) -> Bool { name.withUnsafeBufferPointer { keys.find($0) } != nil }
        let first = name()
        time.withLock { $0 += TLSTicketKeys.rotation.milliseconds - 1 }
        #expect(name() == first)
        time.withLock { $0 += 1 }
        let second = name()
        #expect(second != first)
        #expect(isKnown(first) && isKnown(second) && !isKnown([UInt8](repeating: 0, count: 16)))
        time.withLock { $0 += TLSTicketKeys.rotation.milliseconds }
        let third = name()
        #expect(isKnown(first) && isKnown(second) && isKnown(third))
        time.withLock { $0 += TLSTicketKeys.rotation.milliseconds }
        #expect(!isKnown(first), "a key outlives its time where no new ticket was asked for")
        _ = name()
        #expect(!isKnown(first) && isKnown(second))
    }
}
