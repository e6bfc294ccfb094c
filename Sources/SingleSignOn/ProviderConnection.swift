import Core
import HTTP

/// The provider as it is reached over the network: its description and keys, kept for a while, and its endpoints. One request of a
/// kind is under way at a time, whoever waits for it; each is bounded in time and size.
actor ProviderConnection {
    struct Limits: Sendable {
        /// Description and keys are asked for again after so long …
        var fresh: Duration = .seconds(3600)
        /// … and used so long where the provider does not answer.
        var stale: Duration = .seconds(86_400)
        /// Least time between two requests for what could not be had.
        var failurePause: Duration = .seconds(2)
        var requestTimeout: Duration = .seconds(10)
        var answerBytes = 1 << 20
    }

    private struct Kept<Value: Sendable>: Sendable {
        var value: Value
        var at: ContinuousClock.Instant
    }

    private let issuer: String
    private let client: HTTPClient
    private let limits: Limits
    private var metadata: Kept<ProviderMetadata>?
    private var keys: Kept<[JSONWebKey]>?
    private var fetchingMetadata: Task<Result<ProviderMetadata, MonoflowError>, Never>?
    private var fetchingKeys: Task<Result<[JSONWebKey], MonoflowError>, Never>?
    private var failed: Kept<MonoflowError>?

    init(issuer: String, client: HTTPClient, limits: Limits = Limits()) {
        self.issuer = issuer
        self.client = client
        self.limits = limits
    }

    /// - Throws: `unavailable` where it cannot be had, `failedPrecondition` where it is wrong.
    func description() async throws(MonoflowError) -> ProviderMetadata {
        let now = ContinuousClock.now
        if let metadata, now - metadata.at < limits.fresh { return metadata.value }
        if let failed, now - failed.at < limits.failurePause {
            if let metadata, now - metadata.at < limits.stale { return metadata.value }
            throw failed.value
        }
        let task = fetchingMetadata ?? Task { await fetchMetadata() }
        fetchingMetadata = task
        let result = await task.value
        fetchingMetadata = nil
        switch result {
        case .success(let found):
            if metadata?.value.keys != found.keys { keys = nil }
            metadata = Kept(value: found, at: .now)
            failed = nil
            return found
        case .failure(let error):
            failed = Kept(value: error, at: .now)
            if let metadata, now - metadata.at < limits.stale { return metadata.value }
            throw error
        }
    }

    /// Keys that may have signed the token. Those kept are asked for again where none of them fits: the provider has changed them. The token
    /// is one that the provider has just given for a code of its own, so nobody else can have it asked.
    func keys(for token: JSONWebToken, _ provider: ProviderMetadata) async throws(MonoflowError) -> [JSONWebKey] {
        if let keys {
            if ContinuousClock.now - keys.at < limits.fresh, !token.candidates(keys.value).isEmpty { return keys.value }
        }
        let task = fetchingKeys ?? Task { await fetchKeys(provider.keys) }
        fetchingKeys = task
        let result = await task.value
        fetchingKeys = nil
        switch result {
        case .success(let found):
            keys = Kept(value: found, at: .now)
            return found
        case .failure(let error):
            if let keys, ContinuousClock.now - keys.at < limits.stale { return keys.value }
            throw error
        }
    }

    /// Changes a code into tokens (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
    /// - Throws: `unauthenticated` where the provider does not take the code.
    func exchange(
        code: String, _ attempt: LoginAttempt, _ options: OIDCOptions, _ provider: ProviderMetadata
    ) async throws(MonoflowError) -> (id: String, access: String?) {
        var form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", attempt.redirectURI), ("code_verifier", attempt.verifier),
        ]
        var headers: HTTPHeaders = ["Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"]
        if let secret = options.clientSecret, provider.authentication == .basic {
            // Both are form-encoded before they are joined (RFC 6749, section 2.3.1).
            headers.add("Authorization", "Basic " + BasicCredentials.encode(FormText.encode(options.clientID), FormText.encode(secret)))
        } else {
            form.append(("client_id", options.clientID))
            if let secret = options.clientSecret { form.append(("client_secret", secret)) }
        }
        let request = HTTPClientRequest(.post, provider.token, headers: headers, body: .bytes(Array(FormText.encode(form).utf8)))
        let (status, body) = try await answer(request)
        guard status == 200 else {
            let name = String((body["error"]?.stringValue ?? "").prefix(80))
            if name == "invalid_grant" {
                throw MonoflowError(.unauthenticated, "exchange code", "", "the provider does not take the code: it was used before, or is too old")
            }
            throw MonoflowError(
                status >= 500 ? .unavailable : .failedPrecondition, "exchange code", "\(provider.token.origin)", "the provider answered \(status) \(name)",
                hint: name == "invalid_client" ? "compare --oidc-client-id and the secret's file with the provider's settings" : nil)
        }
        guard let id = body["id_token"]?.stringValue else {
            throw MonoflowError(
                .failedPrecondition, "exchange code", "id_token", "the provider gave none", hint: "have it treat this client as one of OpenID Connect")
        }
        let isBearer = body["token_type"]?.stringValue?.lowercased() == "bearer"
        return (id, isBearer ? body["access_token"]?.stringValue : nil)
    }

    /// What the provider tells of the person beside the ID token (Core, section 5.3).
    /// - Throws: `unauthenticated` where it tells of another one.
    func userInfo(_ url: HTTPURL, accessToken: String, subject: String) async throws(MonoflowError) -> JSON {
        guard accessToken.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw MonoflowError(.failedPrecondition, "read user info", "access_token", "holds bytes that no header may")
        }
        let info = try await get(url, headers: ["Authorization": "Bearer \(accessToken)"])
        guard info["sub"]?.stringValue == subject else {
            throw MonoflowError(.unauthenticated, "read user info", "sub", "is another person's than the ID token's")
        }
        return info
    }

    private func get(_ url: HTTPURL, headers: HTTPHeaders = HTTPHeaders()) async throws(MonoflowError) -> JSON {
        var headers = headers
        headers.add("Accept", "application/json")
        let (status, body) = try await answer(HTTPClientRequest(.get, url, headers: headers))
        guard status == 200 else {
            let code: MonoflowError.Code = status >= 500 ? .unavailable : .failedPrecondition
            throw MonoflowError(code, "ask identity provider", "\(url.origin)\(url.path)", "it answered \(status)")
        }
        return body
    }

    /// Redirects are not followed: a provider names its endpoints.
    private func answer(_ request: HTTPClientRequest) async throws(MonoflowError) -> (status: Int, body: JSON) {
        var request = request, timeouts = HTTPTimeouts()
        timeouts.connect = limits.requestTimeout
        timeouts.total = limits.requestTimeout
        request.timeouts = timeouts
        request.redirects = RedirectPolicy.none
        let response = try await client.send(request)
        let bytes: [UInt8]
        do { bytes = try await response.body.collect(limit: limits.answerBytes) } catch {
            throw MonoflowError.wrap(error, "ask identity provider", "\(request.url.origin)")
        }
        // An error's body may be anything; only answers must be objects.
        let body = try? JSONParser.parse(bytes)
        if response.status.code == 200, body?.objectValue == nil {
            throw MonoflowError(.failedPrecondition, "ask identity provider", "\(request.url.origin)\(request.url.path)", "the answer is no JSON object")
        }
        return (response.status.code, body ?? [:])
    }

    private func fetchMetadata() async -> Result<ProviderMetadata, MonoflowError> {
        do throws(MonoflowError) { return .success(try ProviderMetadata(try await get(ProviderMetadata.address(ofIssuer: issuer)), issuer: issuer)) } catch {
            return .failure(error)
        }
    }

    private func fetchKeys(_ url: HTTPURL) async -> Result<[JSONWebKey], MonoflowError> {
        do throws(MonoflowError) { return .success(try JSONWebKey.keys(ofSet: try await get(url))) } catch { return .failure(error) }
    }
}
