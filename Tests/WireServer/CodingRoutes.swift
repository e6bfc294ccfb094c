import Core
import Foundation
import HTTP

/// Routes around content codings: the same text coded where the client takes it, and coded bodies counted.
enum CodingRoutes {
    static func add(to routes: inout Router) {
        let codings = ContentCodings()
        let hello: JSON = ["message": "Hello, world!"]
        // As /hello, to see what the middleware costs.
        routes.inline(.get, "/coding/hello") { _ in .json(hello) }
        for size in [2, 16, 64, 256] {
            let text = sample(size << 10)
            routes.inline(.get, "/coding/inline/\(size)") { _ in .bytes(text, type: "application/json") }
            routes.on(.get, "/coding/task/\(size)") { _ in .bytes(text, type: "application/json") }
        }
        routes.on(.get, "/coding/lines") { request in
            let count = Int(request.query("count") ?? "100") ?? 100
            return .stream(type: "text/plain") { writer in for line in 0..<count { try await writer.write("line \(line) of the log\n") } }
        }
        routes.on(.post, "/coding/count") { request in
            var total = 0
            for try await chunk in request.body { total += chunk.count }
            return .json(["bytes": .int(Int64(total))])
        }
        routes.wrap { route, handler in route.pattern.hasPrefix("/coding/") ? codings.wrap(route, handler) : handler }
    }

    /// A list of objects such as an API answers.
    private static func sample(_ bytes: Int) -> [UInt8] {
        var text = "{\"runs\": ["
        var number = 0
        while text.utf8.count < bytes {
            number += 1
            text += "{\"id\": \"\(number &* 7_919_777_717 % 1_000_000_007)\", \"name\": \"digits \(number)\", \"state\": \"SUCCEEDED\", \"created_at\": \"2026-11-24T05:\(number % 60):12.\(number % 1000)Z\"}, "
        }
        return Array((text + "null]}").utf8)
    }
}
