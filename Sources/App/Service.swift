import Core
import Dispatch
import Foundation
import Logging
import Sockets

/// A server from its start to the signal that ends it. SIGHUP has it read its certificates and open its access log again.
public struct Service: Sendable {
    /// For files, the database, processes and what libraries open.
    private static let descriptorsBesideConnections = 1_000

    let options: ServerOptions

    public init(options: ServerOptions) { self.options = options }

    public func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let logger = Logger(label: "monoflow") { _ in LineLog() }
        let descriptors = DescriptorLimit.raise()
        if descriptors < options.limits.connections + Self.descriptorsBesideConnections {
            logger.notice("at most \(descriptors) descriptors may be open, so fewer than \(options.limits.connections) connections fit; connections beyond wait")
        }
        let (signals, signal) = AsyncStream.makeStream(of: Int32.self)
        let sources = [SIGTERM, SIGINT, SIGHUP].map { number in
            Foundation.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { signal.yield(number) }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        let server = try await Server.start(options, logger: logger)
        logger.notice("monoflow \(Server.version) listens on \([server.url, server.tlsURL].compactMap { $0 }.joined(separator: " and "))")
        logger.notice("isolation \(server.isolation)")
        logger.notice("the admin's token is in \(options.data)/admin-token")
        for await number in signals {
            if number == SIGHUP {
                logger.notice("reloading (signal \(number))")
                server.reload()
                continue
            }
            logger.notice("stopping (signal \(number))")
            break
        }
        await server.stop()
    }
}

/// One line for each message, on standard error.
struct LineLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let time = WallClock.system.now().rfc3339(milliseconds: true)
        FileHandle.standardError.write(Data("\(time) \(event.level) \(event.message)\(fields)\n".utf8))
    }
}
