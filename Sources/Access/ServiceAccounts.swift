import Core
import Database
import Foundation
import GRDB

/// A token of a service account, just made. It is a proof, not a row: it ends by itself, or with its account.
public struct AccountToken: Sendable, Equatable {
    public var text: String
    public var expiresAt: Timestamp
}

/// Service accounts: who programs are. They sign in by short-lived tokens and may do what roles are bound to them.
extension AccessService {
    /// The account is there, in the caller's transaction.
    /// - Parameter uid: nil where it is gone.
    public func setAccount(_ db: GRDB.Database, namespace: String, name: String, uid: String?) throws {
        guard let uid else {
            return try db.execute(sql: "DELETE FROM service_accounts WHERE namespace = ? AND name = ?", arguments: [namespace, name])
        }
        try db.execute(
            sql: "INSERT INTO service_accounts (namespace, name, uid) VALUES (?, ?, ?) ON CONFLICT (namespace, name) DO UPDATE SET uid = excluded.uid",
            arguments: [namespace, name, uid])
    }

    /// Makes a token of the account for a caller who writes in its namespace and has every right that the account has, wherever that is.
    /// - Parameter seconds: at least 600; it never lives longer than `AccessLimits.accountTokenSeconds`, nor than the caller's own token.
    /// - Throws: `notFound` where there is no such account; `permissionDenied`; `invalidArgument`.
    public func createAccountToken(by caller: Principal, namespace: String, account: String, seconds: Int64?) async throws(MonoflowError) -> AccountToken {
        let operation = "create token"
        try caller.require(.write, in: namespace)
        guard case .user = caller.kind else {
            throw MonoflowError(.permissionDenied, operation, caller.user, "only users make tokens of service accounts")
        }
        if caller.token?.requestsPerMinute != nil {
            throw MonoflowError(.permissionDenied, operation, account, "a token with a limit of requests makes no tokens")
        }
        let asked = seconds ?? 3_600
        guard asked >= 600 else { throw MonoflowError(.invalidArgument, operation, "spec.expirationSeconds", "may not specify a duration less than 10 minutes") }
        let (uid, roles) = try await database.read { db in
            (try Self.accountUID(db, namespace, account), try BindingStore.roles(db, of: .account(account, in: namespace)))
        }
        guard let uid else {
            throw MonoflowError(.notFound, operation, account, "serviceaccounts \"\(account)\" not found")
        }
        for (place, role) in roles.sorted(by: { $0.key < $1.key }) {
            // Nobody gives what it has not.
            for permission in Permission.allCases where role.allows(permission) { try caller.require(permission, in: place) }
        }
        var end = Timestamp(milliseconds: clock.now().milliseconds + min(asked, AccessLimits.accountTokenSeconds) * 1_000)
        if let own = caller.token?.expiresAt { end = min(end, own) }
        return AccountToken(text: accountTokens.issue(namespace: namespace, account: account, uid: uid, expiresAt: end), expiresAt: end)
    }

    /// - Throws: `unauthenticated` saying what is wrong with the token.
    func authenticate(account bearer: String) async throws(MonoflowError) -> Principal {
        guard let claim = accountTokens.verify(bearer) else { throw Self.refusal("the service account's token is malformed") }
        guard claim.expiresAt > clock.now() else { throw Self.refusal("the token expired at \(claim.expiresAt.rfc3339())") }
        let hash = Hashing.sha256(bearer.utf8), epoch = cache.epoch
        let subject = Subject.account(claim.account, in: claim.namespace)
        let (uid, roles) = try await database.read { db in (try Self.accountUID(db, claim.namespace, claim.account), try BindingStore.roles(db, of: subject)) }
        guard uid == claim.uid else { throw Self.refusal("the service account of the token is gone") }
        let principal = Principal(
            user: "system:serviceaccount:\(subject.name)", isAdmin: false, homeNamespace: claim.namespace, roles: roles,
            kind: .account(namespace: claim.namespace, name: claim.account), namespaces: namespaceIndex)
        // Its use is not written down: there is no row.
        cache.insert(
            hash, .init(principal: principal, tokenID: "", sessionLimit: nil, expiresAt: claim.expiresAt, touchedAt: Timestamp(milliseconds: .max)), epoch: epoch)
        return principal
    }

    private static func accountUID(_ db: GRDB.Database, _ namespace: String, _ name: String) throws -> String? {
        try String.fetchOne(db, sql: "SELECT uid FROM service_accounts WHERE namespace = ? AND name = ?", arguments: [namespace, name])
    }
}

/// Tokens of service accounts: `mfa_CLAIMS.HMAC`, the claims as base64url of a JSON array.
struct AccountTokens: Sendable {
    static let prefix = "mfa_"
    static let maximumLength = 2_048

    struct Claim: Equatable {
        var namespace: String
        var account: String
        var uid: String
        var expiresAt: Timestamp
    }

    let key: [UInt8]

    func issue(namespace: String, account: String, uid: String, expiresAt: Timestamp) -> String {
        let claims = JSON.array([.string(namespace), .string(account), .string(uid), .int(expiresAt.milliseconds)]).serialized()
        return Self.prefix + Data(claims).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            + "." + Hashing.hex(code(claims))
    }

    /// What the token claims, where this server made it. Takes the same time wherever a wrong code differs.
    func verify(_ token: String) -> Claim? {
        guard token.utf8.count <= Self.maximumLength, token.hasPrefix(Self.prefix), let cut = token.lastIndex(of: ".") else { return nil }
        var body = String(token[..<cut].dropFirst(Self.prefix.count)).replacing("-", with: "+").replacing("_", with: "/")
        body += String(repeating: "=", count: (4 - body.utf8.count % 4) % 4)
        guard let claims = Data(base64Encoded: body),
            Hashing.constantTimeEqual(token[token.index(after: cut)...].utf8, Hashing.hex(code(Array(claims))).utf8),
            let list = try? JSONParser.parse(claims).arrayValue, list.count == 4, let namespace = list[0].stringValue, let account = list[1].stringValue,
            let uid = list[2].stringValue, let end = list[3].intValue
        else { return nil }
        return Claim(namespace: namespace, account: account, uid: uid, expiresAt: Timestamp(milliseconds: end))
    }

    private func code(_ claims: [UInt8]) -> [UInt8] { Hashing.hmacSHA256(key: key, Array("account\u{1f}".utf8) + claims) }
}
