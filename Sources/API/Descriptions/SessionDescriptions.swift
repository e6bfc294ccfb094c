import Core

enum SessionDescriptions {
    private static let seeOther = RouteDescription.Answer(status: 303, description: "The way on.", content: [:])

    static var group: RouteGroup {
        RouteGroup("Session", "Signing in to the dashboard.") {
            RouteGroup.Component("SessionRequest", Schema.object(["token": Schema.text]))
            RouteGroup.Component("Session", Schema.object([
                "user": Schema.text, "is_admin": Schema.flag, "home_namespace": Schema.text, "groups": Schema.list(Schema.text),
                "namespaces": Schema.list("NamespaceRole"),
            ]))
            RouteGroup.Component("SignInMethods", Schema.object(["methods": Schema.list(Schema.object(
                ["type": Schema.word("token", "oidc", "proxy")], optional: ["label": Schema.text, "path": Schema.text]))]))
        } routes: {
            RouteDescription(
                .post, "/api/session", "openSession", "Signs in with a token and sets the session's cookie.", body: .json("SessionRequest"), .json("Session"),
                failures: [401, 403, 415, 429])
            RouteDescription(.get, "/api/login", "listSignInMethods", "The ways to sign in that this server has.", .json("SignInMethods"))
            RouteDescription(
                .get, "/api/login/oidc", "beginSignIn", "Leads to the identity provider.", query: [.text("next", "Path of the page to go to after that.")],
                seeOther, failures: [401, 403]
            ).whereConfigured()
            RouteDescription(
                .get, "/api/login/oidc/callback", "finishSignIn", "Where the identity provider leads back to: sets the session's cookie.", query: [
                    .text("code", "Of the provider."), .text("state", "Of this server."), .text("iss", "The provider."), .text("error", "What went wrong there."),
                ], seeOther, failures: [401, 403]
            ).whereConfigured()
            RouteDescription(
                .post, "/api/login/oidc/logout", "signOut", "Ends the session, and tells where to end the provider's.",
                .content("application/json", Schema.object([:], optional: ["location": Schema.text]), "Where to go."), failures: [401, 403]
            ).whereConfigured()
            RouteDescription(.get, "/api/session", "getSession", "Who the caller is.", .json("Session"))
            RouteDescription(.delete, "/api/session", "closeSession", "Signs out, also without a session.", .noContent, failures: [401, 403])
        }
    }
}
