import Core

/// What the provider says of a person, read for a user's name and groups.
struct IdentityClaims: Sendable {
    /// Groups of one session; those beyond are left out, which takes rights and gives none.
    static let mostGroups = 500
    private static let emailMark = "email_verified"
    private static let nameMark = "claim "

    private let options: OIDCOptions
    private let subject: String
    private var claims: JSON

    init(_ options: OIDCOptions, subject: String, _ claims: JSON) {
        self.options = options
        self.subject = subject
        self.claims = claims
    }

    /// Whether something that counts may still be told by the user info endpoint.
    var isIncomplete: Bool {
        claims[options.userClaim] == nil || claims[options.groupsClaim] == nil || options.userClaim == "email" && claims[Self.emailMark] == nil
    }

    /// What the ID token says goes first.
    mutating func add(_ info: JSON) {
        for (name, value) in info.objectValue ?? [:] where claims[name] == nil { claims[name] = value }
    }

    /// - Throws: `permissionDenied` whose subject says which claim is wrong.
    func identity() throws(MonoflowError) -> ProviderIdentity {
        guard let name = claims[options.userClaim]?.stringValue, !name.isEmpty else {
            throw Self.refusal(
                Self.nameMark + options.userClaim, "the provider does not tell it",
                hint: "ask for its scope with --oidc-scopes, or name users by another claim")
        }
        // Some providers write booleans as text.
        if options.userClaim == "email", claims[Self.emailMark] == .bool(false) || claims[Self.emailMark]?.stringValue?.lowercased() == "false" {
            throw Self.refusal(Self.emailMark, "the provider has not verified the address \(name)")
        }
        // Names by which the server itself and Kubernetes call those who are no users.
        guard !name.hasPrefix("task "), !name.hasPrefix("system:") else {
            throw Self.refusal(Self.nameMark + options.userClaim, "\"\(name)\" is a name that no user may have")
        }
        var groups: [String] = []
        switch claims[options.groupsClaim] {
        case .string(let one): groups = [one]
        case .array(let several): groups = several.compactMap(\.stringValue)
        default: break
        }
        var seen: Set<String> = []
        groups = groups.filter { !$0.isEmpty && $0.utf8.count <= 256 && seen.insert($0).inserted }
        let isAdmin = options.adminGroup.map(groups.contains) ?? false
        return ProviderIdentity(issuer: options.issuer, subject: subject, userName: name, groups: Array(groups.prefix(Self.mostGroups)), isAdmin: isAdmin)
    }

    static func failure(_ error: MonoflowError) -> SignInFailure {
        guard error.code == .permissionDenied else { return .provider(error) }
        return SignInFailure(error.subject == emailMark ? .emailNotVerified : .nameUnusable, error)
    }

    private static func refusal(_ subject: String, _ message: String, hint: String? = nil) -> MonoflowError {
        MonoflowError(.permissionDenied, "sign in", subject, message, hint: hint)
    }
}
