import Core
import Testing

@testable import SingleSignOn

@Suite struct SignatureTests {
    private static let claims: JSON = ["sub": "ann"]
    private static let set = [SigningKey.rsa, .ec].compactMap { JSONWebKey($0.json) }

    private func refusal(_ token: String, keys: [JSONWebKey] = set, allowed: [SignatureAlgorithm] = SignatureAlgorithm.allCases) -> String? {
        do throws(MonoflowError) {
            try JSONWebToken(token, allowed: allowed).verify(keys)
            return nil
        } catch {
            #expect(error.code == .unauthenticated)
            return error.subject.isEmpty ? "form" : error.subject
        }
    }

    @Test func takesWhatTheProviderSigned() {
        #expect(Self.set.count == 2)
        for (key, algorithm) in [(SigningKey.rsa, SignatureAlgorithm.rs256), (.rsa, .ps256), (.ec, .es256)] {
            #expect(refusal(key.token(Self.claims, algorithm)) == nil, "\(algorithm)")
            // Without a name every key of the type is tried.
            #expect(refusal(key.token(Self.claims, algorithm, header: ["kid": .null])) == nil, "\(algorithm)")
            #expect(refusal(key.token(Self.claims, algorithm, header: ["typ": "jwt"])) == nil)
        }
    }

    /// RFC 7515, appendix A.3.
    @Test func verifiesTheStandardsExample() throws {
        let key = try #require(JSONWebKey([
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        ]))
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
            + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        #expect(refusal(token, keys: [key]) == nil)
    }

    @Test func refusesEverythingElse() {
        let rsa = SigningKey.rsa, ec = SigningKey.ec, good = rsa.token(Self.claims), parts = good.split(separator: ".").map(String.init)
        let none = Base64URL.encode(#"{"alg":"none"}"#.utf8) + "." + parts[1]
        // A public key as the secret of a keyed hash.
        let hashed = Base64URL.encode(#"{"alg":"HS256","kid":"rsa"}"#.utf8) + "." + parts[1]
        let code = Base64URL.encode(Hashing.hmacSHA256(key: Self.set[0].encoded, hashed.utf8))
        let forged = parts[0] + "." + Base64URL.encode(#"{"sub":"eve"}"#.utf8) + "." + parts[2]
        let pss = rsa.token(Self.claims, .ps256).split(separator: ".")
        let cases: [(String, String, String)] = [
            ("no signature", none + ".", "alg"), ("no signature, two parts", none, "form"), ("keyed hash", hashed + "." + code, "alg"),
            ("algorithm in other letters", rsa.token(Self.claims, header: ["alg": "rs256"]), "alg"),
            ("algorithm no text", rsa.token(Self.claims, header: ["alg": 1]), "alg"),
            ("no algorithm", rsa.token(Self.claims, header: ["alg": .null]), "alg"),
            ("other claims", forged, "signature"), ("another key of that name", SigningKey.otherRSA.token(Self.claims), "signature"),
            ("another curve key", SigningKey.otherEC.token(Self.claims), "signature"), ("unknown key", rsa.token(Self.claims, header: ["kid": "new"]), "kid"),
            ("key of another type", ec.token(Self.claims, .es256, header: ["kid": "rsa"]), "kid"),
            ("RSA where the header says EC", rsa.token(Self.claims, .rs256, header: ["alg": "ES256"]), "kid"),
            ("PKCS #1 where the header says PSS", rsa.token(Self.claims, .rs256, header: ["alg": "PS256"]), "signature"),
            ("PSS where the header says PKCS #1", parts[0] + "." + parts[1] + "." + pss[2], "signature"),
            ("EC signature as DER", ec.token(Self.claims, derOfEC: true), "signature"),
            ("extension", rsa.token(Self.claims, header: ["crit": ["b64"], "b64": false]), "crit"),
            ("no JWT", rsa.token(Self.claims, header: ["typ": "at+jwt"]), "typ"),
            ("key name no text", rsa.token(Self.claims, header: ["kid": 7]), "kid"), ("claims no object", rsa.token(["a"]), "claims"),
            ("padding", good + "=", "form"), ("four parts", good + ".x", "form"), ("blank", good.replacing(".", with: ". "), "form"), ("empty", "", "form"),
            ("dots", "..", "header"),
            ("no JSON", Base64URL.encode("x".utf8) + "." + parts[1] + "." + parts[2], "header"),
            ("too long", good + String(repeating: "A", count: 70_000), "form"),
        ]
        for (name, token, place) in cases { #expect(refusal(token) == place, "\(name)") }
        #expect(refusal(good, allowed: [.es256]) == "alg", "an algorithm that the provider does not name")
        #expect(refusal(good, keys: []) == "kid")
        // A changed bit anywhere in the signature.
        let text = parts[0] + "." + parts[1], signature = rsa.sign(text, .rs256)
        for index in stride(from: 0, to: signature.count, by: 37) {
            var broken = signature
            broken[index] ^= 1
            #expect(refusal(text + "." + Base64URL.encode(broken)) == "signature")
        }
        #expect(refusal(text + "." + Base64URL.encode([0] + signature)) == "signature")
    }

    @Test func readsOnlyKeysThatVerify() throws {
        let rsa = SigningKey.rsa.json, ec = SigningKey.ec.json
        let refused: [(String, JSON)] = [
            ("for encryption", rsa.with(["use": "enc"])), ("to sign", rsa.with(["key_ops": ["sign"]])), ("1024 bits", SigningKey.shortRSA.json),
            ("no modulus", rsa.with(["n": .null])), ("even exponent", rsa.with(["e": "Ag"])), ("exponent 1", rsa.with(["e": "AQ"])),
            ("padding", rsa.with(["e": "AQAB="])),
            ("another algorithm", rsa.with(["alg": "RS512"])), ("an algorithm of another type", rsa.with(["alg": "ES256"])),
            ("another curve", ec.with(["crv": "P-384"])),
            ("short coordinate", ec.with(["x": "AQ"])), ("secret", ["kty": "oct", "k": "c2VjcmV0"]),
            ("unknown type", ["kty": "OKP", "crv": "Ed25519", "x": "AQ"]), ("no object", "key"),
        ]
        for (name, json) in refused { #expect(JSONWebKey(json) == nil, "\(name)") }
        let all: JSON = ["keys": .array(refused.map(\.1) + [rsa, ec])]
        #expect(try JSONWebKey.keys(ofSet: all).map(\.id) == ["rsa", "ec"])
        #expect(throws: MonoflowError.self) { try JSONWebKey.keys(ofSet: ["keys": "none"]) }
        #expect(throws: MonoflowError.self) { try JSONWebKey.keys(ofSet: ["keys": .array(Array(repeating: rsa, count: 201))]) }
        // A key that is for one algorithm serves no other.
        let pinned = try #require(JSONWebKey(rsa.with(["alg": "RS256"])))
        #expect(refusal(SigningKey.rsa.token(Self.claims, .rs256), keys: [pinned]) == nil)
        #expect(refusal(SigningKey.rsa.token(Self.claims, .ps256), keys: [pinned]) == "kid")
        // A point that is not on the curve.
        let off = try #require(JSONWebKey(ec.with(["y": .string(Base64URL.encode([UInt8](repeating: 1, count: 32)))])))
        #expect(refusal(SigningKey.ec.token(Self.claims), keys: [off]) == "signature")
    }

    @Test func base64HasOneFormForEachText() {
        #expect(Base64URL.decode("_-8") == [0xff, 0xef])
        for text in ["_-9", "/+8", "_-8=", "_", "_-8\n", " ", "ä"] { #expect(Base64URL.decode(text) == nil, "\(text)") }
        #expect(Base64URL.decode("") == [])
    }
}
