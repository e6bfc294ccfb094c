import Core
import Synchronization

/// One attempt to sign in, kept by the browser that makes it: in a cookie that only this server can read or write. So an answer that
/// comes without it, from another browser, signs nobody in (RFC 6749, section 10.12), and attempts cost the server no memory.
struct LoginAttempt: Sendable, Equatable {
    /// How long a person may take at the provider, in seconds.
    static let life: Int64 = 600
    private static let place = Array("attempt to sign in".utf8)

    var state: String
    var nonce: String
    /// The secret behind the code challenge (RFC 7636, section 4.1): 43 characters.
    var verifier: String
    var redirectURI: String
    var next: String
    var startedAt: Timestamp

    init(redirectURI: String, next: String, at now: Timestamp) {
        state = Self.secret()
        nonce = Self.secret()
        verifier = Self.secret()
        self.redirectURI = redirectURI
        self.next = next
        startedAt = now
    }

    /// `S256` (RFC 7636, section 4.2).
    var challenge: String { Base64URL.encode(Hashing.sha256(verifier.utf8)) }

    func isOver(at now: Timestamp) -> Bool {
        now.milliseconds < startedAt.milliseconds - 60_000 || now.milliseconds >= startedAt.milliseconds + Self.life * 1000
    }

    func sealed(by key: SealingKey) -> String {
        let json: JSON = [
            "state": .string(state), "nonce": .string(nonce), "verifier": .string(verifier), "redirect": .string(redirectURI), "next": .string(next),
            "at": .int(startedAt.milliseconds),
        ]
        return key.seal(json.serialized(), authenticating: Self.place)
    }

    /// Nil where the text is not one that `sealed` made with this key.
    init?(_ text: String, key: SealingKey) {
        guard let bytes = key.open(text, authenticating: Self.place), let json = try? JSONParser.parse(bytes), let state = json["state"]?.stringValue,
            let nonce = json["nonce"]?.stringValue, let verifier = json["verifier"]?.stringValue, let redirect = json["redirect"]?.stringValue,
            let next = json["next"]?.stringValue, let at = json["at"]?.intValue
        else { return nil }
        self.state = state
        self.nonce = nonce
        self.verifier = verifier
        redirectURI = redirect
        self.next = next
        startedAt = Timestamp(milliseconds: at)
    }

    private static func secret() -> String { Base64URL.encode(Hashing.randomBytes(32)) }
}

/// The attempts that were answered, until they would be over anyway: an answer counts once. What a restart forgets the provider still
/// refuses: a code is good once (RFC 6749, section 4.1.2).
final class AnsweredAttempts: Sendable {
    private let capacity: Int
    private let ends = Mutex<[String: Timestamp]>([:])

    init(capacity: Int = 10_000) { self.capacity = capacity }

    /// - Returns: false where it was answered before, or so many were that no more can be remembered.
    func take(_ attempt: LoginAttempt, now: Timestamp) -> Bool {
        ends.withLock { ends in
            if ends.count >= capacity { ends = ends.filter { $0.value > now } }
            guard ends.count < capacity, ends[attempt.state] == nil else { return false }
            ends[attempt.state] = Timestamp(milliseconds: attempt.startedAt.milliseconds + LoginAttempt.life * 1000)
            return true
        }
    }
}
