import Core
import HTTP

/// What a provider says of itself (OpenID Connect Discovery 1.0, section 3; RFC 8414), as far as it is used here.
struct ProviderMetadata: Sendable, Equatable {
    enum ClientAuthentication: Sendable { case basic, post }

    var issuer: String
    var authorization: String
    var token: HTTPURL
    var keys: HTTPURL
    var userInfo: HTTPURL?
    /// Where a browser is sent to sign out (OpenID Connect RP-Initiated Logout 1.0).
    var endSession: String?
    /// What the provider signs by and we take, strongest habit first.
    var algorithms: [SignatureAlgorithm]
    /// How a client with a secret shows it at the token endpoint.
    var authentication: ClientAuthentication
    /// Whether answers to the browser always name the issuer (RFC 9207, section 3).
    var namesIssuer: Bool

    /// - Parameter issuer: as it is configured: the document must say the same, letter for letter.
    /// - Throws: `failedPrecondition` naming the field.
    init(_ json: JSON, issuer: String) throws(MonoflowError) {
        guard json["issuer"]?.stringValue == issuer else {
            let given = (json["issuer"]?.stringValue ?? "").prefix(200)
            throw Self.wrong("issuer", "is \"\(given)\" instead of \"\(issuer)\"", hint: "give --oidc-issuer exactly as the provider writes it")
        }
        self.issuer = issuer
        let origin = try Self.url(issuer, "issuer", from: nil)
        authorization = try Self.required(json, "authorization_endpoint", origin)
        token = try Self.url(try Self.required(json, "token_endpoint", origin), "token_endpoint", from: origin)
        keys = try Self.url(try Self.required(json, "jwks_uri", origin), "jwks_uri", from: origin)
        userInfo = try Self.endpoint(json, "userinfo_endpoint", origin).map { text throws(MonoflowError) in
            try Self.url(text, "userinfo_endpoint", from: origin)
        }
        endSession = try Self.endpoint(json, "end_session_endpoint", origin)
        func list(_ name: String) -> [String]? { json[name]?.arrayValue?.compactMap(\.stringValue) }
        if let types = list("response_types_supported"), !types.contains("code") {
            throw Self.wrong("response_types_supported", "lacks \"code\"")
        }
        if let methods = list("code_challenge_methods_supported"), !methods.contains("S256") {
            throw Self.wrong("code_challenge_methods_supported", "lacks \"S256\"")
        }
        let signs = list("id_token_signing_alg_values_supported")
        algorithms = SignatureAlgorithm.allCases.filter { signs?.contains($0.rawValue) ?? true }
        guard !algorithms.isEmpty else {
            throw Self.wrong("id_token_signing_alg_values_supported", "has none of \(SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        // Without the list it is client_secret_basic (Discovery, section 3).
        let ways = list("token_endpoint_auth_methods_supported") ?? ["client_secret_basic"]
        authentication = !ways.contains("client_secret_basic") && ways.contains("client_secret_post") ? .post : .basic
        namesIssuer = json["authorization_response_iss_parameter_supported"]?.boolValue ?? false
    }

    /// Where the document lies. - Throws: `invalidArgument` for what is no issuer: https (http on this machine alone), no query, no fragment.
    static func address(ofIssuer issuer: String) throws(MonoflowError) -> HTTPURL {
        func bad(_ why: String) -> MonoflowError { MonoflowError(.invalidArgument, "read options", "--oidc-issuer", "\"\(issuer)\" \(why)") }
        guard issuer.utf8.count <= 1024, !issuer.contains("?"), !issuer.contains("#") else { throw bad("is too long, or has a query or fragment") }
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        guard (try? HTTPURL(issuer)) != nil, let url = try? HTTPURL(base + "/.well-known/openid-configuration") else { throw bad("is no URL") }
        guard url.origin.scheme == .https || isLoopback(url.origin.host) else { throw bad("is not https") }
        return url
    }

    static func isLoopback(_ host: String) -> Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    private static func endpoint(_ json: JSON, _ name: String, _ issuer: HTTPURL) throws(MonoflowError) -> String? {
        guard let value = json[name], value != .null else { return nil }
        guard let text = value.stringValue, text.utf8.count <= 2048, !text.contains("#") else { throw wrong(name, "is no URL") }
        _ = try url(text, name, from: issuer)
        return text
    }

    /// What comes from an issuer over https stays on https.
    private static func url(_ text: String, _ name: String, from issuer: HTTPURL?) throws(MonoflowError) -> HTTPURL {
        guard let url = try? HTTPURL(text) else { throw wrong(name, "is no URL") }
        if issuer?.origin.scheme == .https, url.origin.scheme != .https { throw wrong(name, "is not https") }
        if url.origin.scheme == .http, !isLoopback(url.origin.host) { throw wrong(name, "is not https") }
        return url
    }

    private static func required(_ json: JSON, _ name: String, _ issuer: HTTPURL) throws(MonoflowError) -> String {
        guard let text = try endpoint(json, name, issuer) else { throw wrong(name, "is missing") }
        return text
    }

    private static func wrong(_ name: String, _ message: String, hint: String? = nil) -> MonoflowError {
        MonoflowError(.failedPrecondition, "read provider's description", name, message, hint: hint)
    }
}
