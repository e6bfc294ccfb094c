import ArgumentParser
import Core
import Foundation

struct KubeconfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubeconfig", abstract: "Print a configuration for kubectl, with the authority and the token in it.",
        discussion: """
            kubectl sends tokens over TLS only, so the server needs --tls-listen. Keep the file from other users of the machine: \
            umask 077; monoflow kubeconfig > FILE
            """)

    @Option(name: .shortAndLong, help: "Namespace that kubectl takes where none is named; default the caller's home.")
    var namespace: String?
    @Option(help: "What cluster, user and context are called.")
    var name = "monoflow"
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await CommandRunner.run {
            let access = try connection.access()
            let server = try Self.server(access)
            let authority = try access.authority.map { path throws(MonoflowError) in try Files.read(path, limit: 4 << 20) }
            // No need to ask where the namespace is named.
            let home = try await namespace == nil ? CommandContext(connection).namespace(nil) : namespace
            try Console.write(
                try YAMLText.render(Self.document(server: server, authority: authority, token: access.token, namespace: home ?? "default", name: name)))
        }
    }

    /// - Throws: `failedPrecondition` where there is no TLS listener.
    static func server(_ access: ServerAccess) throws(MonoflowError) -> String {
        guard let url = access.tlsURL else {
            throw MonoflowError(
                .failedPrecondition, "write kubeconfig", access.url, "kubectl sends tokens over TLS only, and no TLS listener is known here",
                hint: "start the server with --tls-listen HOST:PORT, or give its https address with --server")
        }
        return url
    }

    /// - Parameter authority: PEM; nil believes the machine's store.
    static func document(server: String, authority: [UInt8]?, token: String, namespace: String, name: String) -> JSON {
        [
            "apiVersion": "v1", "kind": "Config", "current-context": .string(name),
            "clusters": [["name": .string(name), "cluster": .make([
                "server": .string(server), "certificate-authority-data": authority.map { .string(Data($0).base64EncodedString()) },
            ])]],
            "users": [["name": .string(name), "user": ["token": .string(token)]]],
            "contexts": [["name": .string(name), "context": ["cluster": .string(name), "user": .string(name), "namespace": .string(namespace)]]],
        ]
    }
}
