import Core

/// A JSON Web Token in compact form (RFC 7519 over RFC 7515), taken apart. Nothing in it is to be believed before `verify`.
struct JSONWebToken: Sendable {
    static let longest = 64 << 10

    let algorithm: SignatureAlgorithm
    /// Which key signed it, where the header says so.
    let keyID: String?
    let claims: JSON
    private let signed: [UInt8]
    private let signature: [UInt8]

    /// - Throws: `unauthenticated` for what is no signed token, is signed in another way than `allowed`, or needs extensions.
    init(_ text: String, allowed: [SignatureAlgorithm]) throws(MonoflowError) {
        guard text.utf8.count <= Self.longest else { throw Self.refusal("", "is longer than \(Self.longest) bytes") }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw Self.refusal("", "is no signed token in compact form") }
        guard let head = Base64URL.decode(parts[0]), let body = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2]) else {
            throw Self.refusal("", "is not encoded as base64url")
        }
        guard let header = try? JSONParser.parse(head), header.objectValue != nil else { throw Self.refusal("header", "is no JSON object") }
        let name = header["alg"]?.stringValue ?? ""
        guard let algorithm = SignatureAlgorithm(rawValue: name), allowed.contains(algorithm) else {
            let hint = "have the provider sign by \(allowed.map(\.rawValue).joined(separator: " or "))"
            throw Self.refusal("alg", "\"\(name.prefix(40))\" is not taken", hint: hint)
        }
        // Extensions that must be understood, and none is (RFC 7515, section 4.1.11).
        if header["crit"] != nil { throw Self.refusal("crit", "names extensions that are not known here") }
        if let type = header["typ"], type.stringValue?.lowercased() != "jwt" { throw Self.refusal("typ", "is not JWT") }
        if let id = header["kid"], id.stringValue == nil { throw Self.refusal("kid", "is no text") }
        guard let claims = try? JSONParser.parse(body), claims.objectValue != nil else { throw Self.refusal("claims", "are no JSON object") }
        self.algorithm = algorithm
        keyID = header["kid"]?.stringValue
        self.claims = claims
        signed = Array("\(parts[0]).\(parts[1])".utf8)
        self.signature = signature
    }

    /// Those of the keys that may have signed it: by identifier where the header names one, by type and use else.
    func candidates(_ keys: [JSONWebKey]) -> [JSONWebKey] {
        keys.filter { $0.fits(algorithm) && (keyID == nil || $0.id == keyID) }
    }

    /// - Throws: `unauthenticated` where none of the keys signed it.
    func verify(_ keys: [JSONWebKey]) throws(MonoflowError) {
        let candidates = candidates(keys)
        guard !candidates.isEmpty else { throw Self.refusal("kid", "the provider publishes no such key") }
        guard candidates.prefix(16).contains(where: { $0.verifies(signature, of: signed, algorithm) }) else {
            throw Self.refusal("signature", "is not the provider's")
        }
    }

    static func refusal(_ subject: String, _ message: String, hint: String? = nil) -> MonoflowError {
        MonoflowError(.unauthenticated, "verify ID token", subject, message, hint: hint)
    }
}
