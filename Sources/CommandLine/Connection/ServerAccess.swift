import Core
import Foundation

/// A server's address, whom to believe there, and with which token to ask.
struct ServerAccess: Sendable, Equatable {
    /// What the command's options say.
    struct Given: Sendable {
        var data: String?
        var server: String?
        var token: String?
        var tokenFile: String?
        var ca: String?
    }

    var url: String
    /// Its TLS listener; nil where it has none, or none is known.
    var tlsURL: String?
    /// Path of a PEM file; nil believes the machine's store.
    var authority: String?
    var token: String

    /// Options go before the environment. A token that is found beside one server is never sent to another: `--data` and `--server` each
    /// put the environment's address away, and only a directory that was named gives its token to a `--server`.
    /// - Throws: `invalidArgument` where nothing names a server or a token; `notFound` where the server does not run or a file is missing.
    static func resolve(_ given: Given, environment: [String: String]) throws(MonoflowError) -> ServerAccess {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let isNamed = given.data != nil || given.server != nil
        let server = given.server ?? (isNamed ? nil : variable("MONOFLOW_SERVER"))
        let data = given.data ?? (server == nil ? variable("MONOFLOW_DATA") : nil)
        guard server != nil || data != nil else {
            throw MonoflowError(
                .invalidArgument, "find server", "", "nothing says where it is",
                hint: "give --data DIR or --server URL, or set MONOFLOW_DATA or MONOFLOW_SERVER")
        }
        let told = try token(given)
        if let server {
            var found = told
            if found == nil { if let data { found = try adminToken(data) } else { found = variable("MONOFLOW_TOKEN") } }
            guard let token = found else {
                throw MonoflowError(.invalidArgument, "find token", server, "there is none", hint: "give --token-file FILE, or set MONOFLOW_TOKEN")
            }
            return ServerAccess(url: server, tlsURL: server.hasPrefix("https://") ? server : nil, authority: given.ca, token: token)
        }
        let facts = try serverFile(data ?? "")
        var token = told ?? (given.data == nil ? variable("MONOFLOW_TOKEN") : nil)
        if token == nil { token = try adminToken(data ?? "") }
        return ServerAccess(url: facts.url, tlsURL: facts.tlsURL, authority: given.ca ?? facts.authority, token: token ?? "")
    }

    private static func token(_ given: Given) throws(MonoflowError) -> String? {
        if let token = given.token { return trimmed(token) }
        guard let file = given.tokenFile else { return nil }
        return trimmed(String(decoding: try Files.read(file, limit: 64 << 10), as: UTF8.self))
    }

    private static func adminToken(_ directory: String) throws(MonoflowError) -> String {
        trimmed(String(decoding: try Files.read(directory + "/admin-token", limit: 64 << 10), as: UTF8.self))
    }

    private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }

    /// What a running server has written into its directory.
    private static func serverFile(_ directory: String) throws(MonoflowError) -> (url: String, tlsURL: String?, authority: String?) {
        let path = directory + "/server.json"
        guard Files.exists(path) else {
            throw MonoflowError(
                .notFound, "find server", path, "there is no such file: no server runs on this directory",
                hint: "start one with monoflow serve --data \(directory)")
        }
        let facts = try JSONParser.parse(try Files.read(path, limit: 1 << 20))
        guard let url = facts["url"]?.stringValue else { throw MonoflowError(.dataLoss, "find server", path, "it names no url") }
        return (url, facts["tls_url"]?.stringValue, facts["ca"]?.stringValue)
    }
}
