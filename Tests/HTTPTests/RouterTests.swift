import Testing

@testable import HTTP

@Suite struct RouterTests {
    private static func table() -> RouteTable {
        var router = Router()
        for (method, pattern) in [
            (HTTPMethod.get, "/"), (.get, "/runs"), (.post, "/runs"), (.get, "/runs/{id}"), (.delete, "/runs/{id}"), (.get, "/runs/latest"),
            (.post, "/runs/{id}:terminate"), (.post, "/runs/{id}:retry"), (.post, "/artifacts:batchCreate"),
            (.get, "/runs/{run}/nodes/{node}/artifacts/{name}:read"), (.get, "/runs/{run}/nodes/{node}/log"), (.get, "/files/{path...}"),
            (.get, "/files/exact"), (.post, "/v1/models/{m}:predict"), (.get, "/v1/models/{m}"), (.get, "/pkg/v{n}.zip"), (.get, "/a/{x}/c"),
            (.get, "/a/b/d"), (.get, "/slash/"),
        ] {
            router.inline(method, pattern) { _ in .text(pattern) }
        }
        return RouteTable(router)
    }

    /// `PATTERN k=v …`, `405 METHODS`, `404` or `400`.
    private func match(_ method: HTTPMethod, _ path: String) -> String {
        switch Self.table().match(method, path) {
        case .found(let entry, let parameters):
            ([entry.route.pattern] + parameters.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
        case .methodNotAllowed(let allow): (["405"] + allow.map(\.rawValue)).joined(separator: " ")
        case .notFound: "404"
        case .malformed: "400"
        }
    }

    @Test(arguments: [
        (HTTPMethod.get, "/", "/"), (.get, "/runs", "/runs"), (.head, "/runs", "/runs"), (.post, "/runs", "/runs"), (.put, "/runs", "405 GET HEAD POST"),
        (.get, "/runs/", "404"), (.get, "/runs/7", "/runs/{id} id=7"), (.get, "/runs/latest", "/runs/latest"), (.delete, "/runs/latest", "/runs/{id} id=latest"),
        (.post, "/runs/7:terminate", "/runs/{id}:terminate id=7"), (.post, "/runs/7:retry", "/runs/{id}:retry id=7"),
        (.post, "/runs/7:explode", "405 GET HEAD DELETE"), (.post, "/runs/a:b:retry", "405 GET HEAD DELETE"), (.post, "/runs/:retry", "405 GET HEAD DELETE"),
        (.post, "/runs/7%3Aretry", "/runs/{id}:retry id=7"), (.get, "/runs/a%2Fb", "/runs/{id} id=a/b"), (.get, "/runs/%e2%82%ac", "/runs/{id} id=€"),
        (.get, "/runs/%zz", "400"), (.get, "/runs/%00", "400"), (.post, "/artifacts:batchCreate", "/artifacts:batchCreate"),
        (.get, "/runs/r/nodes/n-1/artifacts/main-logs:read", "/runs/{run}/nodes/{node}/artifacts/{name}:read run=r node=n-1 name=main-logs"),
        (.get, "/runs/r/nodes/n/artifacts/x", "404"), (.get, "/runs/r/nodes/n/log", "/runs/{run}/nodes/{node}/log run=r node=n"),
        (.get, "/files", "/files/{path...} path="), (.get, "/files/", "/files/{path...} path="), (.get, "/files/a/b%20c", "/files/{path...} path=a/b c"),
        (.get, "/files/exact", "/files/exact"), (.get, "/files/exact/more", "/files/{path...} path=exact/more"), (.post, "/files/x", "405 GET HEAD"),
        (.post, "/v1/models/m:predict", "/v1/models/{m}:predict m=m"), (.get, "/v1/models/m", "/v1/models/{m} m=m"), (.get, "/pkg/v12.zip", "/pkg/v{n}.zip n=12"),
        (.get, "/pkg/v.zip", "404"), (.get, "/a/b/c", "/a/{x}/c x=b"), (.get, "/a/b/d", "/a/b/d"), (.get, "/a//c", "404"), (.get, "/slash/", "/slash/"),
        (.get, "/slash", "404"), (.get, "", "404"), (.get, "*", "404"), (.get, "/none", "404"),
    ]) func matches(_ method: HTTPMethod, _ path: String, _ expected: String) { #expect(match(method, path) == expected) }

    private enum UserKey: RequestContextKey { typealias Value = String }

    @Test func middlewareWrapsInOrderAndSeesTheRoute() async throws {
        let order = Signal()
        try await withServer({ router in
            router.wrap { route, handler in
                handler.before { request in
                    order.fire("outer \(route.pattern) \(route.tags.sorted())")
                    request.context[UserKey.self] = request.headers["X-User"]
                    return request.headers["X-User"] == nil && !route.tags.contains("open") ? .text("who?", status: .unauthorized) : nil
                }
            }
            router.wrap { request, _, next in
                order.fire("inner")
                var response = try await next(request)
                response.headers.add("X-Inner", "1")
                return response
            }
            router.on(.get, "/me/{n}") { .text($0.context[UserKey.self] ?? "-") }
            router.inline(.get, "/open", tags: ["open"]) { .text($0.context[UserKey.self] ?? "-") }
        }) { _, port in
            let client = try RawClient(port: port)
            #expect(try await client.request("GET /me/1 HTTP/1.1\r\nHost: a\r\n\r\n").status == 401)
            #expect(await order.wait() == "outer /me/{n} []")
            let answer = try await client.request("GET /me/1 HTTP/1.1\r\nHost: a\r\nX-User: ann\r\n\r\n")
            #expect(answer.text == "ann")
            #expect(answer.headers["x-inner"] == "1")
            #expect(await order.wait() == "outer /me/{n} []")
            #expect(await order.wait() == "inner")
            #expect(try await client.request("GET /open HTTP/1.1\r\nHost: a\r\n\r\n").text == "-")
            #expect(await order.wait() == #"outer /open ["open"]"#)
        }
    }

    @Test func prefixesAndFallback() async throws {
        try await withServer({ router in
            var api = Router()
            api.inline(.get, "/apis/{x}") { .text(try $0.parameter("x")) }
            router.include(api)
            router.include(api, under: "/pipeline")
            router.otherwise(.inline { .text("page \($0.path)") })
        }) { _, port in
            let client = try RawClient(port: port)
            #expect(try await client.request("GET /apis/1 HTTP/1.1\r\nHost: a\r\n\r\n").text == "1")
            #expect(try await client.request("GET /pipeline/apis/2 HTTP/1.1\r\nHost: a\r\n\r\n").text == "2")
            #expect(try await client.request("GET /dash HTTP/1.1\r\nHost: a\r\n\r\n").text == "page /dash")
            #expect(try await client.request("POST /apis/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx").status == 405)
            #expect(try await client.request("GET /apis/3 HTTP/1.1\r\nHost: a\r\n\r\n").text == "3")
        }
    }
}
