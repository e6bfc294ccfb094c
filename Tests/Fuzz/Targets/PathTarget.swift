#if FUZZ
@testable import HTTP

/// Targets of requests: decoding, queries, routing, and URLs of the client.
func pathTarget() -> FuzzTarget {
    var router = Router()
    for pattern in [
        "/", "/runs", "/runs/{id}", "/runs/{id}:terminate", "/runs/{run}/nodes/{node}/artifacts/{name}:read", "/files/{path...}", "/pkg/v{n}.zip", "/a/{x}/c", "/a/b/d",
    ] { router.inline(.get, pattern) { _ in .text(pattern) } }
    let table = RouteTable(router)
    let seeds = [
        "/", "/runs/7:terminate", "/runs/a%2Fb?q=1&r", "/files/a/b%20c", "/runs/r/nodes/n-1/artifacts/main-logs:read", "/pkg/v12.zip", "/a/%E2%82%AC/c", "/a?x=%zz&y=a+b%26&flag",
        "http://h:1/a?b", "https://[::1]:8443/x", "/../..%2f", "//a//b/",
    ].map(\.bytes)
    let words = ["%2F", "%00", "%", "%e2%82%ac", "/", "//", "?", "&", "=", ":", "..", "{", "}", "http://", "https://", "@", "[::1]", ":80"]
    return FuzzTarget("path", seeds: seeds, words: words, longest: 256) { input in
        let text = String(decoding: input.filter { $0 > 32 && $0 < 127 }, as: UTF8.self)
        let request = HTTPRequest(.get, text)
        let path = request.rawPath
        _ = (request.path, request.queryItems, request.query("q"))
        if let decoded = HTTPText.percentDecoded(String(path)) {
            try require(!decoded.utf8.contains(0), "a NUL came out of \(path)")
            if !path.contains("%") { try require(decoded == path, "\(path) became \(decoded)") }
        }
        if case .found(let entry, let parameters) = table.match(.get, String(path)) {
            try require(parameters.map(\.name) == entry.names, "\(path) took \(entry.route.pattern) with \(parameters)")
            for parameter in parameters where parameter.name != "path" { try require(!parameter.value.isEmpty, "\(path) took \(entry.route.pattern) with \(parameters)") }
            try require(path.hasPrefix("/"), "\(path) took \(entry.route.pattern)")
        }
        if let url = try? HTTPURL(text) {
            try require(!url.target.isEmpty && url.target.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 35 }, "the target of \(text) is \(url.target)")
        }
    }
}
#endif
