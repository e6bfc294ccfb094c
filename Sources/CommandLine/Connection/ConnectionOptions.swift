import ArgumentParser
import Core
import Foundation

/// Where the server is and who asks; the same for every command.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp(
        "Data directory of a server on this machine: its address, authority and administrator's token. MONOFLOW_DATA does the same.", valueName: "dir"),
            completion: .directory)
    var data: String?
    @Option(help: ArgumentHelp("Address of the server, http://HOST:PORT or https://HOST:PORT. MONOFLOW_SERVER does the same.", valueName: "url"))
    var server: String?
    @Option(help: ArgumentHelp("Bearer token; better in MONOFLOW_TOKEN or a file, where other users of the machine do not see it.", valueName: "token"))
    var token: String?
    @Option(help: ArgumentHelp("File that holds the bearer token.", valueName: "file"), completion: .file())
    var tokenFile: String?
    @Option(help: ArgumentHelp("PEM file of the authority whose certificates are believed; default the machine's store, or that of --data.", valueName: "file"),
            completion: .file())
    var ca: String?

    /// - Throws: `invalidArgument` where nothing names a server; `notFound` where its files are missing.
    func access(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws(MonoflowError) -> ServerAccess {
        try ServerAccess.resolve(
            ServerAccess.Given(data: data, server: server, token: token, tokenFile: tokenFile, ca: ca), environment: environment)
    }
}
