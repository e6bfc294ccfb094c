import Core
import Foundation
import HTTP

/// What benchmarks and tests of faults need beside `WireRoutes`.
enum FaultRoutes {
    static func add(to router: inout Router) {
        // Leaves the body alone for a while, then answers.
        router.on(.post, "/unread") { request in
            try await Task.sleep(for: .milliseconds(Int(request.query("ms") ?? "") ?? 60_000))
            return .text("done\n")
        }
        // Writes the body to a file that has no name, as large uploads go to disk.
        router.on(.put, "/store") { request in
            guard let file = tmpfile() else { throw MonoflowError(.unavailable, "store", "", String(cString: strerror(errno))) }
            defer { fclose(file) }
            var total: Int64 = 0
            for try await chunk in request.body {
                guard fwrite(chunk, 1, chunk.count, file) == chunk.count else {
                    throw MonoflowError(.resourceExhausted, "store", "", String(cString: strerror(errno)))
                }
                total += Int64(chunk.count)
            }
            return .json(["bytes": .int(total)])
        }
        // Bytes as fast as the client takes them, until it goes away.
        router.on(.get, "/endless") { _ in
            .stream(type: "application/octet-stream", length: nil) { writer in
                let block = [UInt8](repeating: 97, count: 64 << 10)
                while true { try await writer.write(block) }
            }
        }
    }
}
