import Core

enum SessionDescriptions {
    static var group: RouteGroup {
        RouteGroup("Session", "Signing in to the dashboard.") {
            RouteGroup.Component("SessionRequest", Schema.object(["token": Schema.text]))
            RouteGroup.Component("Session", Schema.object([
                "user": Schema.text, "is_admin": Schema.flag, "home_namespace": Schema.text, "namespaces": Schema.list("NamespaceRole"),
            ]))
        } routes: {
            RouteDescription(
                .post, "/api/session", "openSession", "Signs in with a token and sets the session's cookie.", body: .json("SessionRequest"), .json("Session"),
                failures: [401, 403, 415, 429])
            RouteDescription(.get, "/api/session", "getSession", "Who the caller is.", .json("Session"))
            RouteDescription(.delete, "/api/session", "closeSession", "Signs out, also without a session.", .noContent, failures: [401, 403])
        }
    }
}
