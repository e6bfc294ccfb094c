import Core
import HTTP
import Sockets

/// `/forward/…` goes through the reverse proxy to the server of `--forward URL`.
enum ProxyRoutes {
    static func add(to router: inout Router, forward url: String, group: EventLoopGroup) throws {
        var options = ProxyOptions()
        options.rewriteTarget = ProxyOptions.withoutPrefix("/forward")
        options.cookies = .allBut(["dashboard"])
        options.passesAuthorization = false
        var clientOptions = HTTPClientOptions()
        clientOptions.connectionsPerOrigin = 256
        let proxy = ReverseProxy(try HTTPURL(url).origin, client: HTTPClient(group: group, options: clientOptions), options: options)
        for method in [HTTPMethod.get, .post, .put, .patch, .delete, .options] { router.add(method, "/forward/{rest...}", proxy.handler) }
    }
}
