import CZlib
import Core

/// Decompresses a stream piece by piece, in steps whose output the caller bounds. Strict: damaged data, bytes behind
/// the end and an early end are errors. Holds about 40 KB outside of Swift's heap. For one user at a time.
public final class Inflater: @unchecked Sendable {
    private enum State {
        /// Nothing of a zlib stream's two first bytes, or one of them: they tell whether there is a container.
        case undecided(first: UInt8?)
        case running
        /// At the end of a stream or of a gzip member.
        case ended
    }

    public let format: DeflateFormat
    private let stream: UnsafeMutablePointer<z_stream>
    private var state: State

    /// - Throws: `resourceExhausted` where there is no memory.
    public init(_ format: DeflateFormat) throws(MonoflowError) {
        self.format = format
        state = Self.initial(format)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = inflateInit2_(stream, Self.window(format), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw MonoflowError(.resourceExhausted, "decompress", "", "zlib could not begin (\(code))") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// 16 on top of the 15 bits of window: gzip's container and no other.
    private static func window(_ format: DeflateFormat) -> Int32 { format == .gzip ? 31 : 15 }
    private static func initial(_ format: DeflateFormat) -> State { format == .gzip ? .running : .undecided(first: nil) }

    /// Begins a new stream.
    public func reset() {
        inflateReset2(stream, Self.window(format))
        state = Self.initial(format)
    }

    public struct Step: Sendable {
        /// Bytes of input that were used up.
        public let consumed: Int
        /// Whether the output reached its bound: there may be more, call again with the rest of the input, also an empty one.
        public let isFull: Bool
    }

    /// Appends at most `bound` bytes to `out`. Where the step is not full, all input was used.
    /// - Throws: `invalidArgument` for damaged data or bytes behind the end.
    public func read(_ input: UnsafeRawBufferPointer, into out: inout [UInt8], bound: Int) throws(MonoflowError) -> Step {
        var at = 0
        var room = max(bound, 0)
        while true {
            if room == 0 { return Step(consumed: at, isFull: true) }
            switch state {
            case .undecided(let first):
                guard at < input.count else { return Step(consumed: at, isFull: false) }
                if let first {
                    try decide(first, input[at])
                } else {
                    state = .undecided(first: input[at])
                    at += 1
                }
            case .ended:
                guard at < input.count else { return Step(consumed: at, isFull: false) }
                guard format == .gzip else { throw Self.damaged("bytes follow the end of the data") }
                inflateReset(stream)
                state = .running
            case .running:
                let (used, made, isDrained) = try inflate(UnsafeRawBufferPointer(rebasing: input[at...]), into: &out, room: room)
                at += used
                room -= made
                if case .running = state, isDrained, at == input.count { return Step(consumed: at, isFull: false) }
            }
        }
    }

    /// By zlib's header check: method 8, a window of at most 32 KiB, a multiple of 31.
    private func decide(_ first: UInt8, _ second: UInt8) throws(MonoflowError) {
        let isContained = first & 0x0f == 8 && first >> 4 <= 7 && (Int(first) << 8 | Int(second)) % 31 == 0
        if !isContained { inflateReset2(stream, -15) }
        state = .running
        // The first byte was kept back; it gives no output by itself.
        var byte = first, none: [UInt8] = []
        let result = withUnsafeBytes(of: &byte) { bytes in
            Result { () throws(MonoflowError) in try inflate(bytes, into: &none, room: 1) }
        }
        _ = try result.get()
    }

    /// One call of zlib. - Returns: also whether it had room for more output than it made.
    private func inflate(
        _ input: UnsafeRawBufferPointer, into out: inout [UInt8], room: Int
    ) throws(MonoflowError) -> (used: Int, made: Int, isDrained: Bool) {
        let count = min(input.count, 1 << 30), room = min(room, Deflater.outputStep)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(count)
        defer { stream.pointee.next_in = nil }
        var code = Z_OK, made = 0
        out.append(addingCapacity: room) { (span: inout OutputSpan<UInt8>) in
            span.withUnsafeMutableBufferPointer { buffer, filled in
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(room)
                code = CZlib.inflate(stream, Z_NO_FLUSH)
                made = room - Int(stream.pointee.avail_out)
                filled = made
            }
        }
        switch code {
        // A buffer error only says that there was nothing to do.
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: state = .ended
        case Z_MEM_ERROR: throw MonoflowError(.resourceExhausted, "decompress", "", "no memory")
        default: throw Self.damaged(Self.reason(stream.pointee.msg, code))
        }
        return (count - Int(stream.pointee.avail_in), made, made < room)
    }

    private static func reason(_ message: UnsafeMutablePointer<CChar>?, _ code: Int32) -> String {
        if code == Z_NEED_DICT { return "it needs a dictionary" }
        return message.map { String(cString: $0) } ?? "zlib refused it (\(code))"
    }

    private static func damaged(_ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "decompress", "", message) }

    /// Call when the input has ended. - Throws: `invalidArgument` where the data has not.
    public func finish() throws(MonoflowError) {
        guard case .ended = state else { throw Self.damaged("the data ends too early") }
    }

    /// A whole stream at once. - Throws: as `read` and `finish`; `payloadTooLarge` over `limit` bytes.
    public func decompress(_ input: [UInt8], limit: Int) throws(MonoflowError) -> [UInt8] {
        reset()
        var out: [UInt8] = []
        out.reserveCapacity(min(limit, input.count * 3))
        let result = input.withUnsafeBytes { bytes in
            Result { () throws(MonoflowError) in
                let step = try read(bytes, into: &out, bound: limit)
                if step.isFull {
                    // Exactly as long as allowed, or longer: one byte more tells.
                    var more: [UInt8] = []
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[step.consumed...])
                    if try read(rest, into: &more, bound: 1).isFull {
                        throw MonoflowError(.payloadTooLarge, "decompress", "", "larger than \(limit) bytes")
                    }
                }
                try finish()
            }
        }
        try result.get()
        return out
    }
}
