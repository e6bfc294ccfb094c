import Core
import Foundation
import GRPC
import HTTP
import Logging
import Sockets

/// A server over the HTTP layer alone, for interoperation tests with other people's clients and for benchmarks.
///
///     monoflow-wire --listen 127.0.0.1:0 [--loops N] [--message-bytes N] [--forward URL] [--certificate PEM --key PEM] [--verbose]
///                   [--header-timeout MS] [--body-timeout MS] [--write-timeout MS] [--idle-timeout MS] [--connections-per-client N]
///
/// It prints `listening HOST:PORT`, with a certificate `listening-tls HOST:PORT` before it.
/// SIGTERM drains and ends it.
@main
struct WireServer {
    static func main() async throws {
        DescriptorLimit.raise()
        // Dispatch takes a descriptor for the main queue at the first suspension; later a flood may have left none.
        await Task.yield()
        let (signals, signal) = AsyncStream.makeStream(of: Int32.self)
        Foundation.signal(SIGTERM, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
        source.setEventHandler { signal.yield(SIGTERM) }
        // The same for the signal: a flood right after the first line would leave none, and SIGTERM would go nowhere.
        let (registered, registration) = AsyncStream.makeStream(of: Void.self)
        source.setRegistrationHandler { registration.finish() }
        source.resume()
        for await _ in registered {}
        var options = Options()
        try options.read(Array(CommandLine.arguments.dropFirst()))
        var log = Logger(label: "wire") { StreamLogHandler.standardError(label: $0) }
        log.logLevel = options.verbose ? .debug : .warning
        let group = try options.loops.map { try EventLoopGroup(count: $0) } ?? EventLoopGroup()
        var router = WireRoutes.make()
        FaultRoutes.add(to: &router)
        try EchoService.addRoutes(to: &router, messageBytes: options.messageBytes)
        if let url = options.forward { try ProxyRoutes.add(to: &router, forward: url, group: group) }
        EchoClient(group: group).addRoutes(to: &router)
        let server = HTTPServer(
            router: router, group: group, limits: options.limits, log: log, onError: GRPCRouter.onError(HTTPErrorTable.respond))
        let address = try server.start(SocketAddress(options.listen))
        var lines = "listening \(address)\n"
        if let certificate = options.certificate, let key = options.key {
            let identity = try TLSIdentity(certificatePath: certificate, keyPath: key)
            let context = try TLSServerContext(identities: [identity], protocols: HTTPServer.protocols)
            let secure = try server.start(SocketAddress("127.0.0.1:0"), tls: TLSServerContextHolder(context))
            lines = "listening-tls \(secure)\n" + lines
        }
        FileHandle.standardOutput.write(Data(lines.utf8))
        for await _ in signals { break }
        source.cancel()
        await server.drain(timeout: .seconds(5))
    }

    struct Options {
        var listen = "127.0.0.1:0"
        var loops: Int?
        var certificate: String?
        var key: String?
        var verbose = false
        var limits = HTTPLimits()
        /// Where `/forward/…` goes.
        var forward: String?
        /// The largest message of gRPC that is received.
        var messageBytes = GRPCLimits().receivedMessageBytes

        mutating func read(_ arguments: [String]) throws {
            limits.connections = 20_000
            limits.connectionsPerClient = 20_000
            var rest = arguments[...]
            while let name = rest.popFirst() {
                if name == "--verbose" {
                    verbose = true
                    continue
                }
                guard let value = rest.popFirst() else { throw MonoflowError(.invalidArgument, "read options", name, "has no value") }
                switch name {
                case "--listen": listen = value
                case "--message-bytes": messageBytes = Int(value) ?? messageBytes
                case "--forward": forward = value
                case "--certificate": certificate = value
                case "--key": key = value
                case "--loops": loops = Int(value)
                case "--header-timeout": limits.headerTimeout = try Self.duration(name, value)
                case "--body-timeout": limits.bodyTimeout = try Self.duration(name, value)
                case "--write-timeout": limits.writeTimeout = try Self.duration(name, value)
                case "--idle-timeout": limits.idleTimeout = try Self.duration(name, value)
                case "--connections-per-client": limits.connectionsPerClient = Int(value) ?? 0
                default: throw MonoflowError(.invalidArgument, "read options", name, "is unknown")
                }
            }
        }

        private static func duration(_ name: String, _ value: String) throws -> Duration {
            guard let number = Int(value), number > 0 else { throw MonoflowError(.invalidArgument, "read options", name, "takes milliseconds") }
            return .milliseconds(number)
        }
    }
}
