import Access
import Core
import Resources
import SingleSignOn

/// Makes users of people who sign in for the first time: each with a namespace of its own, which it owns.
actor UserProvisioning {
    /// Names that are tried for a namespace before nobody is made.
    private static let mostNames = 50
    private static let longestName = 50

    private let access: AccessService
    private let resources: ResourceService
    private let signIn: SignInServices
    /// By user: a second request of the same person waits for the first.
    private var underWay: [String: Task<Void, any Error>] = [:]

    init(access: AccessService, resources: ResourceService, signIn: SignInServices) {
        self.access = access
        self.resources = resources
        self.signIn = signIn
    }

    /// Opens a session for whom the provider vouches for.
    /// - Throws: `SignInFailure` where the rules of this server have no user for it.
    func openSession(_ given: ProviderIdentity) async throws -> IssuedSession {
        let identity = ExternalIdentity(
            issuer: given.issuer, subject: given.subject, userName: given.userName, groups: given.groups, isAdmin: given.isAdmin)
        switch try await access.standing(of: identity) {
        case .user: break
        case .nameTaken(let isAdmin):
            guard signIn.linksUsersByName, !isAdmin else {
                throw SignInFailure(.nameTaken, MonoflowError(
                    .permissionDenied, "sign in", identity.userName, "a user of this name is here and is not linked to the provider's \(identity.subject)",
                    hint: "an admin can link them: POST /api/users/{name}/identities"))
            }
            try await access.link(issuer: identity.issuer, subject: identity.subject, to: identity.userName)
        case .unknown:
            guard signIn.createsProviderUsers else {
                throw SignInFailure(.userUnknown, MonoflowError(
                    .permissionDenied, "sign in", identity.userName, "there is no such user here", hint: "an admin can make one and link it"))
            }
            do {
                try await once(identity.userName) { home in try await self.access.createUser(for: identity, homeNamespace: home) }
            } catch let error as MonoflowError where error.code == .invalidArgument {
                throw SignInFailure(.nameUnusable, error)
            }
        }
        return try await access.openSession(identity)
    }

    /// The user whom the proxy names.
    /// - Throws: `unauthenticated` where there is none and none is made.
    func principal(_ user: TrustedHeader.User) async throws -> Principal {
        do throws(MonoflowError) { return try await access.principal(named: user.name, groups: user.groups) } catch {
            guard error.code == .unauthenticated, signIn.createsProxyUsers else { throw error }
        }
        try AccessNames.checkName(user.name, of: "user")
        do {
            try await once(user.name) { home in
                _ = try await self.access.createUser(name: user.name, homeNamespace: home, isAdmin: false, roles: [home: .owner])
            }
        } catch let error as MonoflowError where error.code == .alreadyExists {}
        return try await access.principal(named: user.name, groups: user.groups)
    }

    private func once(_ name: String, _ make: @escaping @Sendable (_ home: String) async throws -> Void) async throws {
        if let task = underWay[name] { return try await task.value }
        let task = Task { try await make(try await self.makeNamespace(for: name)) }
        underWay[name] = task
        defer { underWay[name] = nil }
        try await task.value
    }

    /// A crash before the user is made leaves the namespace, empty and nobody's; the next sign-in takes the next name. One that is there
    /// is never given to somebody for its name.
    private func makeNamespace(for user: String) async throws -> String {
        let base = Self.namespaceName(for: user)
        for number in 1...Self.mostNames {
            let name = number == 1 ? base : "\(base)-\(number)"
            do {
                try await NamespaceCreation.create(name, resources)
                return name
            } catch let error as MonoflowError where error.code == .alreadyExists { continue }
        }
        throw MonoflowError(
            .resourceExhausted, "create namespace", base, "\(Self.mostNames) namespaces have that name", hint: "an admin can make the user with another one")
    }

    /// A label made of what stands before the `@`: letters in lower case, digits and `-`.
    static func namespaceName(for user: String) -> String {
        var name = "", isAfterDash = true
        for character in user.prefix(while: { $0 != "@" }).lowercased().unicodeScalars {
            let isPlain = ("a"..."z").contains(character) || ("0"..."9").contains(character)
            if isPlain { name.unicodeScalars.append(character) } else if !isAfterDash { name += "-" }
            isAfterDash = !isPlain
            if name.utf8.count == longestName { break }
        }
        while name.hasSuffix("-") { name.removeLast() }
        return name.isEmpty ? "user" : name
    }
}

/// Namespaces by way of their objects, so that both are there or neither.
enum NamespaceCreation {
    /// - Throws: `invalidArgument` for a bad name, `alreadyExists`.
    static func create(_ name: String, _ resources: ResourceService) async throws {
        guard let kind = resources.kinds.definition("namespaces"), let version = kind.storedVersion else {
            throw MonoflowError(.internalError, "create namespace", name, "the kind is not served")
        }
        let object: JSON = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
        do {
            _ = try await resources.create(KindReference(kind, version), namespace: "", object, WriteOptions(manager: "monoflow"))
        } catch let error as InvalidResource {
            throw MonoflowError(.invalidArgument, "create namespace", name, error.errors.map(\.description).joined(separator: "; "))
        }
    }
}
