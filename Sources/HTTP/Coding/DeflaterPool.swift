import Core
import Synchronization

/// Compressors for one server: used ones are kept for the next response, and their number has a bound, so that clients
/// that read slowly cannot make it hold memory for each of them.
public final class DeflaterPool: Sendable {
    private struct State {
        var idle: [DeflateFormat: [Deflater]] = [:]
        var inUse = 0
    }

    private let state = Mutex(State())
    private let level: Int
    private let bound: Int
    private let kept: Int

    /// - Parameters:
    ///   - level: zlib's, 1 to 9. For JSON, 3 is twice as fast as zlib's own 6 and a tenth larger.
    ///   - bound: compressors in use at once, of 268 KB each.
    ///   - kept: idle ones of each format.
    public init(level: Int = 3, bound: Int = 256, kept: Int = 8) {
        self.level = level
        self.bound = bound
        self.kept = kept
    }

    /// Nil where all are in use, or memory is short: the response is then sent as it is.
    func take(_ format: DeflateFormat) -> DeflaterLease? {
        let (allowed, idle) = state.withLock { state -> (Bool, Deflater?) in
            guard state.inUse < bound else { return (false, nil) }
            state.inUse += 1
            return (true, state.idle[format]?.popLast())
        }
        guard allowed else { return nil }
        if let deflater = idle ?? (try? Deflater(format, level: level)) { return DeflaterLease(deflater, self) }
        state.withLock { $0.inUse -= 1 }
        return nil
    }

    fileprivate func takeBack(_ deflater: Deflater) {
        deflater.reset()
        state.withLock { state in
            state.inUse -= 1
            if state.idle[deflater.format, default: []].count < kept { state.idle[deflater.format, default: []].append(deflater) }
        }
    }

    /// How many are in use.
    var inUse: Int { state.withLock { $0.inUse } }
}

/// A compressor of a pool, which has it back when nothing holds the lease any more: also where a response was never sent.
final class DeflaterLease: Sendable {
    let deflater: Deflater
    private let pool: DeflaterPool

    fileprivate init(_ deflater: Deflater, _ pool: DeflaterPool) {
        self.deflater = deflater
        self.pool = pool
    }

    deinit { pool.takeBack(deflater) }

    private static let piece = 64 << 10

    /// Compresses a whole body in pieces, while the client takes them.
    func send(_ bytes: [UInt8], to writer: ResponseWriter) async throws {
        var at = 0
        while at < bytes.count {
            let end = min(at + Self.piece, bytes.count)
            var out: [UInt8] = []
            let result = bytes[at..<end].withUnsafeBytes { piece in
                Result { () throws(MonoflowError) in try deflater.write(piece, end == bytes.count ? .finish : .none, into: &out) }
            }
            try result.get()
            try await writer.write(out)
            at = end
            // A long body must not keep others from the thread.
            await Task.yield()
        }
    }
}
