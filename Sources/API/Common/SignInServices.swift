import SingleSignOn

/// How people may sign in beside tokens, and whom it makes users of.
public struct SignInServices: Sendable {
    /// Nil: no identity provider.
    public var oidc: OIDCSignIn?
    /// Nil: no authenticating proxy names users.
    public var trustedHeader: TrustedHeader?
    /// `https://HOST[:PORT]` as browsers reach the server; nil: as each request's Host says.
    public var publicURL: String?
    /// Makes a user, with a namespace, of whom the provider vouches for and nobody here is.
    public var createsProviderUsers = true
    /// Links whom the provider vouches for to the user of that name that is here, unless it is an admin.
    public var linksUsersByName = false
    /// Makes a user, with a namespace, of whom the proxy names and nobody here is.
    public var createsProxyUsers = true

    public init() {}
}
