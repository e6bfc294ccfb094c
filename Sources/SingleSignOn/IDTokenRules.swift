import Core

/// What an ID token must say to be taken (OpenID Connect Core 1.0, section 3.1.3.7).
struct IDTokenRules: Sendable {
    var issuer: String
    var clientID: String
    var nonce: String
    /// What clocks may differ by, in seconds.
    var skew: Int64 = 60
    /// The oldest token that is taken, in seconds: one just asked for is not older.
    var oldest: Int64 = 600

    /// - Parameter accessToken: what came beside it; its hash is compared where the token has one (section 3.1.3.6).
    /// - Returns: the subject.
    /// - Throws: `unauthenticated` naming the claim.
    func check(_ claims: JSON, accessToken: String?, now: Timestamp) throws(MonoflowError) -> String {
        let seconds = now.milliseconds / 1000
        guard claims["iss"]?.stringValue == issuer else { throw JSONWebToken.refusal("iss", "is not \(issuer)") }
        try checkAudience(claims)
        guard let end = time(claims, "exp") else { throw JSONWebToken.refusal("exp", "is missing, or no time") }
        guard seconds < end + skew else { throw JSONWebToken.refusal("exp", "the token has expired") }
        guard let start = time(claims, "iat") else { throw JSONWebToken.refusal("iat", "is missing, or no time") }
        guard start <= seconds + skew else { throw JSONWebToken.refusal("iat", "is in the future", hint: "compare the clocks of both machines") }
        guard seconds - start <= oldest + skew else { throw JSONWebToken.refusal("iat", "the token is older than \(oldest) seconds") }
        if claims["nbf"] != nil {
            guard let first = time(claims, "nbf"), first <= seconds + skew else { throw JSONWebToken.refusal("nbf", "the token is not valid yet") }
        }
        guard let given = claims["nonce"]?.stringValue, Hashing.constantTimeEqual(given.utf8, nonce.utf8) else {
            throw JSONWebToken.refusal("nonce", "the token was made for another sign-in")
        }
        if let hash = claims["at_hash"] {
            let half = accessToken.map { Base64URL.encode(Hashing.sha256($0.utf8).prefix(16)) }
            guard let half, hash.stringValue == half else { throw JSONWebToken.refusal("at_hash", "belongs to another access token") }
        }
        guard let subject = claims["sub"]?.stringValue, (1...255).contains(subject.utf8.count) else {
            throw JSONWebToken.refusal("sub", "is no text of 1 to 255 bytes")
        }
        return subject
    }

    private func checkAudience(_ claims: JSON) throws(MonoflowError) {
        let audiences: [String?]
        switch claims["aud"] {
        case .string(let one): audiences = [one]
        case .array(let several): audiences = several.map(\.stringValue)
        default: audiences = []
        }
        guard audiences.contains(clientID) else { throw JSONWebToken.refusal("aud", "does not name \(clientID)") }
        let party = claims["azp"]
        // Several audiences: only the one that it was issued to may use it.
        if party != nil || audiences.count > 1 {
            guard party?.stringValue == clientID else { throw JSONWebToken.refusal("azp", "is not \(clientID)") }
        }
    }

    /// Seconds since 1970 (RFC 7519, section 2: they may have a fraction). Nil also beyond the year 9999.
    private func time(_ claims: JSON, _ name: String) -> Int64? {
        guard let value = claims[name]?.doubleValue, value >= 0, value < 253_402_300_800 else { return nil }
        return Int64(value)
    }
}
