import HTTP

extension Router {
    /// Adds `GET /big`, which sends 1-bytes in pieces of 64 KiB for as long as the client takes them.
    /// - Parameters:
    ///   - total: bytes, a multiple of 64 KiB; announced.
    ///   - taken: told of each piece once it is queued.
    mutating func serveBig(total: Int, _ taken: @escaping @Sendable (Int) -> Void) {
        on(.get, "/big") { _ in
            .stream(type: "application/octet-stream", length: Int64(total)) { writer in
                let piece = [UInt8](repeating: 1, count: 64 << 10)
                for _ in 0..<(total / piece.count) {
                    try await writer.write(piece)
                    taken(piece.count)
                }
            }
        }
    }
}
