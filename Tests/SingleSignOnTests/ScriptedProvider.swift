import Core
import Foundation
import HTTP
import Logging
import Sockets
import Synchronization
import Testing

@testable import SingleSignOn

final class TestClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_800_000_000_000))
    var clock: WallClock { WallClock { self.time.withLock { $0 } } }
    func advance(seconds: Int64) { time.withLock { $0.milliseconds += seconds * 1000 } }
}

/// A provider whose user agrees at once.
final class ScriptedProvider: @unchecked Sendable {
    struct Behaviour {
        var key = SigningKey.rsa
        var claims: JSONObject = [:]
        var userInfo: JSON = ["sub": "248"]
        /// Nil: the endpoint fails.
        var tokenStatus: HTTPStatus? = .ok
        var givesNoIDToken = false
    }

    struct TokenRequest {
        var form: [String: String]
        var authorization: String?
    }

    private struct State {
        var behaviour = Behaviour()
        /// Of each code: the challenge and the nonce.
        var codes: [String: (challenge: String, nonce: String)] = [:]
        var counts: [String: Int] = [:]
        var keys = [SigningKey.rsa]
        var tokenRequests: [TokenRequest] = []
    }

    let group: EventLoopGroup
    let issuer: String
    var now: () -> Timestamp = { WallClock.system.now() }
    private let server: HTTPServer
    private let state = Mutex(State())

    init() throws {
        group = try EventLoopGroup(count: 1)
        let cell = Cell()
        var router = Router()
        for path in ["/.well-known/openid-configuration", "/keys", "/info"] {
            router.on(.get, path) { request in .json(cell.provider?.answer(path) ?? [:]) }
        }
        router.on(.post, "/token") { request in
            let body = String(decoding: try await request.body.collect(), as: UTF8.self)
            return cell.provider?.token(HTTPRequest(.get, "/?" + body).queryItems, request.headers["Authorization"]) ?? HTTPResponse(.internalServerError)
        }
        server = HTTPServer(router: router, group: group, log: Logger(label: "provider"), onError: HTTPErrorTable.respond)
        guard case .ip(_, port: let port) = try server.start(SocketAddress("127.0.0.1:0")) else { throw MonoflowError(.internalError, "start", "", "no port") }
        issuer = "http://127.0.0.1:\(port)"
        cell.provider = self
    }

    private final class Cell: @unchecked Sendable { weak var provider: ScriptedProvider? }

    func stop() async { _ = await server.drain(timeout: .zero) }

    /// From the usual behaviour on.
    func behave(_ change: (inout Behaviour) -> Void) {
        state.withLock { state in
            state.behaviour = Behaviour()
            change(&state.behaviour)
        }
    }

    func publish(_ keys: [SigningKey]) { state.withLock { $0.keys = keys } }

    var tokenRequests: [TokenRequest] { state.withLock { $0.tokenRequests } }
    func count(_ path: String) -> Int { state.withLock { $0.counts[path] ?? 0 } }

    /// What the browser brings back.
    func authorize(_ url: String) -> [(name: String, value: String)] {
        let items = Dictionary(HTTPRequest(.get, url).queryItems.map { ($0.name, $0.value) }) { first, _ in first }
        #expect(url.hasPrefix(issuer + "/authorize?") && items["code_challenge_method"] == "S256" && items["response_type"] == "code")
        let code = Identifiers.random()
        state.withLock { $0.codes[code] = (items["code_challenge"] ?? "", items["nonce"] ?? "") }
        return [("code", code), ("state", items["state"] ?? ""), ("iss", issuer)]
    }

    private func answer(_ path: String) -> JSON {
        state.withLock { state in
            state.counts[path, default: 0] += 1
            switch path {
            case "/keys": return ["keys": .array(state.keys.map(\.json))]
            case "/info": return state.behaviour.userInfo
            default:
                return [
                    "issuer": .string(issuer), "authorization_endpoint": .string(issuer + "/authorize"), "token_endpoint": .string(issuer + "/token"),
                    "jwks_uri": .string(issuer + "/keys"), "userinfo_endpoint": .string(issuer + "/info"), "end_session_endpoint": .string(issuer + "/end"),
                    "authorization_response_iss_parameter_supported": true,
                ]
            }
        }
    }

    private func token(_ items: [(name: String, value: String)], _ authorization: String?) -> HTTPResponse {
        let form = Dictionary(items.map { ($0.name, $0.value) }) { first, _ in first }, now = now().milliseconds / 1000
        return state.withLock { state in
            state.tokenRequests.append(TokenRequest(form: form, authorization: authorization))
            guard let status = state.behaviour.tokenStatus else { return HTTPResponse(.serviceUnavailable) }
            let proof = Base64URL.encode(Hashing.sha256((form["code_verifier"] ?? "").utf8))
            guard let code = state.codes.removeValue(forKey: form["code"] ?? ""), code.challenge == proof else {
                return .json(["error": "invalid_grant"], status: .badRequest)
            }
            var claims: JSON = [
                "iss": .string(issuer), "aud": "monoflow", "sub": "248", "exp": .int(now + 300), "iat": .int(now), "nonce": .string(code.nonce),
                "email": "ann@x.example", "email_verified": true, "groups": ["staff"],
            ]
            claims = claims.with(state.behaviour.claims)
            let id = state.behaviour.givesNoIDToken ? nil : state.behaviour.key.token(claims)
            return .json(.make(["token_type": "Bearer", "access_token": "at-1", "id_token": id.map { .string($0) }]), status: status)
        }
    }
}
