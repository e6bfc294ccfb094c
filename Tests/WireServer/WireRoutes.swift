import Core
import Foundation
import HTTP

/// What the test server answers.
enum WireRoutes {
    static func make() -> Router {
        var router = Router()
        let hello = HTTPResponse.json(["message": "Hello, world!"])
        router.inline(.get, "/hello") { _ in hello }
        // The same through a task of its own.
        router.on(.get, "/hello-async") { _ in hello }
        // The body as it comes, with its trailers.
        router.on(.post, "/echo") { request in
            var response = HTTPResponse.stream(type: request.headers["Content-Type"] ?? "application/octet-stream") { writer in
                for try await chunk in request.body { try await writer.write(chunk) }
                writer.trailers(request.body.trailers)
            }
            if let tag = request.headers["X-Tag"] { response.headers.add("X-Tag", tag) }
            return response
        }
        // The body whole.
        router.inline(.post, "/gather") { request in .bytes(request.body.bytes ?? []) }
        // Counts a body without keeping it.
        router.on(.post, "/count") { request in .json(["bytes": .int(try await count(request.body))]) }
        router.on(.put, "/count") { request in .json(["bytes": .int(try await count(request.body))]) }
        // N bytes, with or without an announced length.
        router.on(.get, "/bytes/{count}") { request in
            let total = Int64(try request.parameter("count")) ?? 0
            return .stream(type: "application/octet-stream", length: request.query("chunked") == nil ? total : nil) { writer in
                let block = [UInt8](repeating: 97, count: 64 << 10)
                var left = total
                while left > 0 {
                    let part = min(left, Int64(block.count))
                    try await writer.write(part == block.count ? block : Array(block[..<Int(part)]))
                    left -= part
                }
            }
        }
        // A file of this machine, for transfers.
        router.on(.get, "/file") { request in .file(try HTTPFile(path: request.query("path") ?? "")) }
        router.on(.get, "/headers") { request in
            .json(.object(JSONObject(request.headers.map { ($0.name.lowercased(), JSON.string($0.value)) }, uniquingKeysWith: { $1 })))
        }
        router.on(.get, "/hints") { request in
            request.inform(103, ["Link": "</style.css>; rel=preload"])
            return .text("after the hints\n")
        }
        router.on(.get, "/slow") { request in
            try await Task.sleep(for: .milliseconds(Int(request.query("ms") ?? "100") ?? 100))
            return .text("done\n")
        }
        router.on(.get, "/events") { request in
            let count = Int(request.query("count") ?? "3") ?? 3
            return .events { writer in for number in 0..<count { try await writer.event(data: "\(number)") } }
        }
        // A pipe that answers what it is sent.
        router.on(.get, "/tunnel") { _ in
            HTTPResponse(.switchingProtocols, headers: ["Upgrade": "echo"], body: .tunnel { input, writer in
                for try await chunk in input { try await writer.write(chunk) }
            })
        }
        CodingRoutes.add(to: &router)
        return router
    }

    private static func count(_ body: HTTPBody) async throws -> Int64 {
        var total: Int64 = 0
        for try await chunk in body { total += Int64(chunk.count) }
        return total
    }
}
