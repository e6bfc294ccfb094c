import Core
import Foundation
import HTTP
import Logging
import Sockets
import Synchronization

/// A certificate and its key in PEM files.
public struct CertificateFiles: Sendable {
    /// The server's certificate first, then those that lead to a root.
    public var certificate: String
    /// Without a password.
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// What the TLS port shows: given certificates, or one by the server's own authority under `DIR/tls`.
final class ServerCertificates: Sendable {
    private static let renewalInterval = Duration.seconds(12 * 3600)

    /// What new connections get.
    let holder: TLSServerContextHolder
    /// The certificate that clients are to trust; nil where certificates were given.
    let authorityPath: String?
    private let given: [CertificateFiles]
    private let directory: String
    private let names: [String]
    private let clock: WallClock
    private let logger: Logger
    // Tickets outlive a reload.
    private let ticketKeys = TLSTicketKeys()
    private let renewal = Mutex<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - given: none: the own authority is used, and made on first use.
    ///   - directory: the authority's.
    ///   - address: what the port listens on; its host is one of the names that the authority certifies.
    /// - Throws: an error that names the file.
    init(given: [CertificateFiles], directory: String, address: SocketAddress, clock: WallClock, logger: Logger) throws(MonoflowError) {
        self.given = given
        self.directory = directory
        self.clock = clock
        self.logger = logger
        names = Self.names(address)
        authorityPath = given.isEmpty ? directory + "/ca.crt" : nil
        let context = try Self.context(given, directory, names, ticketKeys, clock, logger)
        holder = TLSServerContextHolder(context)
    }

    private static func context(
        _ given: [CertificateFiles], _ directory: String, _ names: [String], _ ticketKeys: TLSTicketKeys, _ clock: WallClock, _ logger: Logger
    ) throws(MonoflowError) -> TLSServerContext {
        var identities: [TLSIdentity] = []
        for files in given { identities.append(try TLSIdentity(certificatePath: files.certificate, keyPath: files.key)) }
        if given.isEmpty { identities = [try CertificateAuthority(directory: directory, clock: clock).serverIdentity(names: names)] }
        for (index, identity) in identities.enumerated() {
            guard let end = identity.certificate.expires, end < clock.now() else { continue }
            logger.warning("TLS: the certificate \(given.isEmpty ? directory : given[index].certificate) has ended at \(end.rfc3339())")
        }
        return try TLSServerContext(identities: identities, protocols: HTTPServer.protocols, ticketKeys: ticketKeys)
    }

    /// Reads the files again, and makes a certificate anew that ends soon. New connections get the result; where something is
    /// wrong they go on with what there was, and the log says why.
    func reload() {
        do throws(MonoflowError) {
            holder.replace(with: try Self.context(given, directory, names, ticketKeys, clock, logger))
            logger.notice("TLS: certificates read again")
        } catch {
            logger.error("TLS: the certificates stay as they were: \(error)")
        }
    }

    /// Keeps the own authority's certificate from ending while the server runs.
    func startRenewal() {
        if authorityPath == nil { return }
        renewal.withLock { renewal in
            renewal = Task { while (try? await Task.sleep(for: Self.renewalInterval)) != nil { reload() } }
        }
    }

    func stopRenewal() { renewal.withLock { $0?.cancel() } }

    /// What clients on this machine and others call it: the local names, the machine's own, and the host it listens on.
    private static func names(_ address: SocketAddress) -> [String] {
        var names = ["localhost", "127.0.0.1", "::1"]
        var buffer = [CChar](repeating: 0, count: 256)
        if gethostname(&buffer, buffer.count - 1) == 0 { names.append(String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)) }
        if case .ip(let host, _) = address, !["0.0.0.0", "::", "*"].contains(host) { names.append(host) }
        var seen: Set<String> = []
        return names.filter { CertificateAuthority.accepts($0) && seen.insert($0).inserted }
    }
}
