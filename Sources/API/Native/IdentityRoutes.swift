import Access
import Core
import HTTP

/// Whom of an identity provider a user is, for admins.
struct IdentityRoutes: Sendable {
    let access: AccessService

    func add(to router: inout Router) {
        router.on(.get, "/api/users/{name}/identities") { request in
            try request.caller().requireAdmin("list identities")
            return .json(["identities": .array(try await access.identities(of: request.parameter("name")).map(Self.json))])
        }
        router.on(.post, "/api/users/{name}/identities") { request in
            try request.caller().requireAdmin("link identity")
            let name = try request.parameter("name"), body = try await request.json()
            let issuer = try body.text("issuer", "link identity"), subject = try body.text("subject", "link identity")
            try await access.link(issuer: issuer, subject: subject, to: name)
            return .json(["issuer": .string(issuer), "subject": .string(subject), "user": .string(name)], status: .created)
        }
        router.on(.delete, "/api/users/{name}/identities") { request in
            try request.caller().requireAdmin("unlink identity")
            guard let issuer = request.query("issuer"), let subject = request.query("subject") else {
                throw MonoflowError(.invalidArgument, "unlink identity", "query", "needs issuer and subject")
            }
            try await access.unlink(issuer: issuer, subject: subject, from: request.parameter("name"))
            return HTTPResponse(.noContent)
        }
    }

    private static func json(_ identity: IdentityRecord) -> JSON {
        .make([
            "issuer": .string(identity.issuer), "subject": .string(identity.subject), "user": .string(identity.user),
            "created_at": .time(identity.createdAt), "last_login_at": .time(identity.lastLoginAt),
        ])
    }
}
