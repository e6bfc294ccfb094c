import API
import Core
import HTTP
import Logging
import SingleSignOn
import Sockets

/// Single sign-on, as the options of `monoflow serve` name it. What is not named is off.
public struct SignInOptions: Sendable {
    public var oidc: OIDCOptions?
    /// A PEM file of authorities for the provider's certificate; nil: the machine's.
    public var providerAuthority: String?
    public var publicURL: String?
    public var createsProviderUsers = true
    public var linksUsersByName = false
    public var trustedHeader: TrustedHeader?
    public var createsProxyUsers = true

    public init() {}

    /// The provider is asked at the first sign-in, not now: the server starts without it.
    func services(serverKey: [UInt8], group: EventLoopGroup, clock: WallClock, logger: Logger) throws(MonoflowError) -> SignInServices {
        var services = SignInServices()
        services.publicURL = try publicURL.map { text throws(MonoflowError) in try OIDCOptions.origin(text) }
        services.createsProviderUsers = createsProviderUsers
        services.linksUsersByName = linksUsersByName
        services.createsProxyUsers = createsProxyUsers
        services.trustedHeader = trustedHeader
        if trustedHeader?.trustsThisMachine == true {
            logger.warning("steps that may use the network, and whoever else runs on this machine, can name any user: give --trusted-proxy-secret-file")
        }
        if var oidc {
            oidc.publicURL = services.publicURL
            // The bytes are 32: any key does.
            guard let key = SealingKey(Hashing.hmacSHA256(key: serverKey, "cookies of sign-ins".utf8)) else {
                throw MonoflowError(.internalError, "set up sign-in", "", "the key has a wrong length")
            }
            var limits = HTTPClientOptions()
            limits.connectionsPerOrigin = 8
            limits.waitingPerOrigin = 100
            let tls = try TLSClientContext(roots: providerAuthority.map { .file($0) } ?? .system, protocols: ["http/1.1"])
            services.oidc = try OIDCSignIn(oidc, client: HTTPClient(group: group, options: limits, tls: tls, log: logger), key: key, clock: clock)
        }
        return services
    }
}
