import Core
import Foundation
import Testing

@testable import CommandLine

/// Which server and which token: options before the environment, and no token for a server that it is not of.
@Suite struct ServerAccessTests {
    private func directory(tls: Bool = true, runs: Bool = true) throws -> String {
        let path = NSTemporaryDirectory() + "monoflow-cli-" + Identifiers.random()
        try Files.makeDirectory(path)
        var facts: JSON = ["url": "http://127.0.0.1:4711", "pid": 1]
        if tls {
            facts["tls_url"] = "https://127.0.0.1:4712"
            facts["ca"] = .string(path + "/tls/ca.crt")
        }
        if runs { try Files.writeAtomically(facts.serialized(), to: path + "/server.json") }
        try Files.writeAtomically(Array("of-the-directory\n".utf8), to: path + "/admin-token")
        return path
    }

    @Test func aDirectoryTellsAddressAuthorityAndToken() throws {
        let data = try directory()
        let access = try ServerAccess.resolve(.init(data: data), environment: ["MONOFLOW_SERVER": "http://other", "MONOFLOW_TOKEN": "of-other"])
        #expect(access == ServerAccess(
            url: "http://127.0.0.1:4711", tlsURL: "https://127.0.0.1:4712", authority: data + "/tls/ca.crt", token: "of-the-directory"))
        #expect(try ServerAccess.resolve(.init(), environment: ["MONOFLOW_DATA": data]).token == "of-the-directory")
        #expect(try ServerAccess.resolve(.init(), environment: ["MONOFLOW_DATA": data, "MONOFLOW_TOKEN": "mine"]).token == "mine")
    }

    @Test func anAddressNeedsATokenOfItsOwn() throws {
        let data = try directory()
        #expect(try ServerAccess.resolve(.init(server: "http://h:1", token: "t"), environment: [:]) == ServerAccess(url: "http://h:1", token: "t"))
        #expect(try ServerAccess.resolve(.init(server: "https://h:1", ca: "/ca"), environment: ["MONOFLOW_TOKEN": "e"])
            == ServerAccess(url: "https://h:1", tlsURL: "https://h:1", authority: "/ca", token: "e"))
        #expect(try ServerAccess.resolve(.init(data: data, server: "http://h:1"), environment: [:]).token == "of-the-directory")
        // The directory of the environment is not this server's.
        #expect(throws: MonoflowError.self) { try ServerAccess.resolve(.init(server: "http://h:1"), environment: ["MONOFLOW_DATA": data]) }
        let file = data + "/token"
        try Files.writeAtomically(Array(" of-a-file \n".utf8), to: file)
        #expect(try ServerAccess.resolve(.init(server: "http://h:1", tokenFile: file), environment: ["MONOFLOW_TOKEN": "e"]).token == "of-a-file")
    }

    @Test func nothingIsAUsageError() {
        #expect { try ServerAccess.resolve(.init(), environment: ["MONOFLOW_TOKEN": "t", "MONOFLOW_DATA": ""]) } throws: {
            ($0 as? MonoflowError)?.code == .invalidArgument && "\($0)".contains("--data DIR or --server URL")
        }
    }

    @Test func aServerThatDoesNotRunIsTold() throws {
        let data = try directory(runs: false)
        #expect { try ServerAccess.resolve(.init(data: data), environment: [:]) } throws: {
            ($0 as? MonoflowError)?.code == .notFound && "\($0)".contains("server.json") && "\($0)".contains("monoflow serve --data")
        }
    }
}
