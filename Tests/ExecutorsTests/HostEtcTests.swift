import Core
import Foundation
import Testing

@testable import Executors

@Suite struct HostEtcTests {
    @Test func onlyHarmlessPartsAreCopied() throws {
        let base = "/tmp/monoflow-tests-" + Identifiers.random()
        defer { try? FileManager.default.removeItem(atPath: base) }
        let source = base + "/etc"
        try Files.makeDirectory(source + "/ssl/certs", mode: 0o755)
        try Files.makeDirectory(source + "/alternatives", mode: 0o755)
        func put(_ text: String, _ name: String, _ mode: mode_t = 0o644) throws { try Files.writeAtomically(Array(text.utf8), to: source + "/" + name, mode: mode) }
        try put("secret", "shadow", 0o600)
        try put("hosts: files", "nsswitch.conf")
        try put("index-url = https://me:password@index/", "pip.conf")
        try put("cert", "ssl/certs/ca.pem")
        try put("key", "ssl/certs/own.key", 0o600)
        symlink("ca.pem", source + "/ssl/certs/12ab.0")
        symlink("../nsswitch.conf", source + "/ssl/certs/up")
        let etc = try HostEtc(parent: base + "/host", source: source)
        #expect(etc.names == ["nsswitch.conf", "alternatives", "ssl/certs"])
        let first = try etc.snapshot()
        #expect(try FileManager.default.contentsOfDirectory(atPath: first + "/ssl/certs").sorted() == ["12ab.0", "ca.pem", "up"])
        #expect(try Files.read(first + "/ssl/certs/12ab.0") == Array("cert".utf8))
        #expect(!Files.exists(first + "/shadow"))
        #expect(try etc.snapshot() == first)
        try put("more", "ssl/certs/new.pem")
        let second = try etc.snapshot()
        #expect(second != first && Files.exists(first) && Files.exists(second + "/ssl/certs/new.pem"))
        #expect(HostView(etc: etc).links.contains { $0 == ("/etc/ssl/certs", "../.host/ssl/certs") })
    }
}
