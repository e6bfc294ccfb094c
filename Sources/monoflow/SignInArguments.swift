import App
import ArgumentParser
import Core
import SingleSignOn

/// Options of single sign-on.
struct SignInArguments: ParsableArguments {
    enum Choice: String, ExpressibleByArgument, CaseIterable { case yes, no }

    @Option(help: "OpenID Connect: the provider's issuer, e.g. https://accounts.example.com, as it writes it itself.")
    var oidcIssuer: String?
    @Option(help: "What the provider knows this server by. Register PUBLIC-URL/api/login/oidc/callback there.")
    var oidcClientId: String?
    @Option(help: "File with the client's secret; without it the client is a public one.")
    var oidcClientSecretFile: String?
    @Option(help: "Scopes to ask for, with commas between.")
    var oidcScopes = "openid,profile,email,groups"
    @Option(help: "The claim that names a new user.")
    var oidcUserClaim = "email"
    @Option(help: "The claim that lists the user's groups.")
    var oidcGroupsClaim = "groups"
    @Option(help: "Who is in this group is an administrator for the session.")
    var oidcAdminGroup: String?
    @Option(help: "yes: people whom the provider vouches for become users at their first sign-in.")
    var oidcCreateUsers = Choice.yes
    @Option(help: "yes: they become the user of the same name that is here already, unless that is an administrator.")
    var oidcLinkUsers = Choice.no
    @Option(help: "PEM file of the authority that signed the provider's certificate, if it is not one of the machine's.")
    var oidcCaFile: String?
    @Option(help: "https://HOST[:PORT] as browsers reach the server.")
    var publicUrl: String?
    @Option(help: "Header by which an authenticating proxy names the user, e.g. kubeflow-userid.")
    var trustedUserHeader: String?
    @Option(help: "What stands before each name in that header, e.g. accounts.google.com:.")
    var trustedUserPrefix = ""
    @Option(help: "Header with the user's groups, with commas between.")
    var trustedGroupsHeader: String?
    @Option(help: "Addresses that may send these headers: ranges such as 10.0.0.0/8, or unix for the server's socket, with commas between.")
    var trustedProxies: String?
    @Option(help: "File with what the proxy must send in X-Monoflow-Proxy-Secret. Give it where the proxy is on this machine.")
    var trustedProxySecretFile: String?
    @Option(help: "yes: people whom the proxy names become users at their first request.")
    var trustedCreateUsers = Choice.yes

    /// - Throws: `invalidArgument` naming the option.
    func options() throws -> SignInOptions {
        var options = SignInOptions()
        options.publicURL = publicUrl
        if let issuer = oidcIssuer {
            guard let client = oidcClientId else { throw Self.bad("--oidc-client-id", "is missing") }
            var oidc = OIDCOptions(issuer: issuer, clientID: client)
            oidc.clientSecret = try oidcClientSecretFile.map { try Self.secret($0) }
            oidc.scopes = Self.list(oidcScopes)
            oidc.userClaim = oidcUserClaim
            oidc.groupsClaim = oidcGroupsClaim
            oidc.adminGroup = oidcAdminGroup
            try oidc.check()
            options.oidc = oidc
        } else if oidcClientId != nil || oidcClientSecretFile != nil || oidcAdminGroup != nil {
            throw Self.bad("--oidc-issuer", "is missing")
        }
        options.providerAuthority = oidcCaFile
        options.createsProviderUsers = oidcCreateUsers == .yes
        options.linksUsersByName = oidcLinkUsers == .yes
        if let header = trustedUserHeader {
            options.trustedHeader = try TrustedHeader(
                userHeader: header, prefix: trustedUserPrefix, groupsHeader: trustedGroupsHeader, peers: Self.list(trustedProxies ?? ""),
                secret: try trustedProxySecretFile.map { try Self.secret($0) })
        } else if trustedGroupsHeader != nil || trustedProxies != nil || trustedProxySecretFile != nil || !trustedUserPrefix.isEmpty {
            throw Self.bad("--trusted-user-header", "is missing")
        }
        options.createsProxyUsers = trustedCreateUsers == .yes
        return options
    }

    private static func list(_ text: String) -> [String] { text.split(separator: ",").map { String($0.drop { $0 == " " }) } }

    private static func secret(_ path: String) throws(MonoflowError) -> String {
        let text = String(decoding: try Files.read(path, limit: 4096), as: UTF8.self)
        let secret = String(text.reversed().drop { $0.isNewline }.reversed())
        guard !secret.isEmpty else { throw MonoflowError(.invalidArgument, "read secret", path, "is empty") }
        return secret
    }

    private static func bad(_ option: String, _ why: String) -> MonoflowError { MonoflowError(.invalidArgument, "read options", option, why) }
}
