import Core
import HTTP

/// How this server is known at an identity provider, and whom it lets in.
public struct OIDCOptions: Sendable {
    /// As the provider writes it in `iss`.
    public var issuer: String
    public var clientID: String
    /// Nil for a public client: then PKCE alone binds the code.
    public var clientSecret: String?
    public var scopes = ["openid", "profile", "email", "groups"]
    /// The claim that a new user is named by.
    public var userClaim = "email"
    public var groupsClaim = "groups"
    /// Who is in it is an admin for the session. Nil: nobody is by a group.
    public var adminGroup: String?
    /// `https://HOST[:PORT]` as browsers reach this server; nil: as the request's Host says.
    public var publicURL: String?

    public init(issuer: String, clientID: String) {
        self.issuer = issuer
        self.clientID = clientID
    }

    /// - Throws: `invalidArgument` naming the option.
    public func check() throws(MonoflowError) {
        func bad(_ option: String, _ why: String) -> MonoflowError { MonoflowError(.invalidArgument, "read options", option, why) }
        _ = try ProviderMetadata.address(ofIssuer: issuer)
        guard (1...255).contains(clientID.utf8.count) else { throw bad("--oidc-client-id", "must have 1 to 255 bytes") }
        guard scopes.contains("openid") else { throw bad("--oidc-scopes", "must hold openid") }
        for scope in scopes where scope.isEmpty || !scope.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            throw bad("--oidc-scopes", "\"\(scope)\" is no scope")
        }
        guard !userClaim.isEmpty, !groupsClaim.isEmpty else { throw bad("--oidc-user-claim", "claims have names") }
        if adminGroup?.isEmpty == true { throw bad("--oidc-admin-group", "is empty") }
        if let publicURL { _ = try Self.origin(publicURL) }
    }

    /// A public URL without a slash at its end. - Throws: `invalidArgument` for anything but scheme, host and port.
    public static func origin(_ text: String) throws(MonoflowError) -> String {
        guard let url = try? HTTPURL(text), url.target == "/", !text.contains("#"), !text.contains("?") else {
            throw MonoflowError(.invalidArgument, "read options", "--public-url", "\"\(text)\" is not of the form https://HOST[:PORT]")
        }
        return "\(url.origin.scheme.rawValue)://\(url.origin.authority)"
    }
}

/// Whom the provider vouches for.
public struct ProviderIdentity: Sendable, Equatable {
    public var issuer: String
    /// The provider's own name for the person, never given to another one (Core, section 2).
    public var subject: String
    /// What a new user is called.
    public var userName: String
    public var groups: [String]
    public var isAdmin: Bool
}
