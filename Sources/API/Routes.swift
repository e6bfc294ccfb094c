import Core
import GRPC
import HTTP

/// Every route of the server, in one place.
public enum Routes {
    /// - Parameters:
    ///   - grpc: the services that are answered on the same port.
    ///   - dashboard: the folder of the dashboard's files.
    ///   - version: of this release.
    public static func make(_ services: APIServices, grpc: GRPCRouter, dashboard: StaticFiles, version: String) -> Router {
        let kfp = KFPService(services: services)
        let authentication = Authentication(
            access: services.access, signIn: services.signIn,
            provisioning: UserProvisioning(access: services.access, resources: services.resources, signIn: services.signIn), notReady: services.notReady)
        var router = Router()

        // KFP, also below /pipeline, where the clients of a full Kubeflow find it.
        for prefix in ["", "/pipeline"] {
            router.include(KFPV1Routes(services: services, kfp: kfp).router(), under: prefix + "/apis/v1beta1")
            router.include(KFPV2Routes(services: services, kfp: kfp).router(), under: prefix + "/apis/v2beta1")
            var logs = Router()
            LogRoutes(services: services, kfp: kfp).add(to: &logs)
            router.include(logs, under: prefix)
        }
        KubernetesRoutes(services: services, version: version).add(to: &router)
        OpenInferenceRoutes(services: services, version: version).add(to: &router)
        SessionRoutes(services: services, authentication: authentication).add(to: &router)
        SignInRoutes(services: services, authentication: authentication).add(to: &router)
        AccessRoutes(services: services).add(to: &router)
        SecretKeyRoutes(resources: services.resources).add(to: &router)
        RunGraphRoutes(services: services, kfp: kfp).add(to: &router)
        ArtifactRoutes(services: services).add(to: &router)
        ModelRoutes(services: services).add(to: &router)
        SystemRoutes(services: services, version: version).add(to: &router)
        grpc.addRoutes(to: &router)
        let path = "/openapi.json"
        let description = OpenAPIAnswer(
            router.allRoutes + [Route(method: .get, pattern: path, tags: [Authentication.publicTag])], version: version)
        router.on(.get, path, tags: [Authentication.publicTag]) { _ in description.response() }

        router.wrap(ContentCodings().wrap)
        router.wrap(authentication.wrap)
        router.otherwise(.asynchronous { request in try Dashboard(files: dashboard).respond(to: request) })
        return router
    }
}

/// The dashboard's files; its pages' own paths all answer with the one document.
struct Dashboard: Sendable {
    let files: StaticFiles
    private static let interfaces = ["/api", "/apis", "/v2", "/ns", "/pipeline", "/openapi"]

    func respond(to request: HTTPRequest) throws -> HTTPResponse {
        let path = request.path
        let isInterface = Self.interfaces.contains { path == $0 || path.hasPrefix($0 + "/") }
        guard request.method == .get || request.method == .head, !isInterface else {
            throw MonoflowError(.notFound, "\(request.method.rawValue) \(path)", "", "there is no such path")
        }
        // Names in pages' paths may hold dots: files are what lies at the top or below /js.
        let parts = path.split(separator: "/")
        let isPage = !(parts.count == 1 && parts[0].contains(".")) && parts.first != "js"
        var response = try files.respond(to: request, path: isPage ? "index.html" : nil)
        response.headers["Content-Security-Policy"] =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Frame-Options"] = "DENY"
        return response
    }
}
