import CZlib
import Core

/// The containers of a deflate stream.
public enum DeflateFormat: Sendable, Hashable, CaseIterable {
    /// RFC 1952, with a CRC-32 and the length. Reading takes several members in a row as one.
    case gzip
    /// RFC 1950, with an Adler-32. HTTP's `deflate` means this; reading takes bare deflate data too, because some
    /// senders leave the container out.
    case zlib
}

/// Compresses a stream piece by piece. Holds 268 KB outside of Swift's heap; `reset` makes it fit for the next stream.
/// For one user at a time: moving it from one to the next (see `DeflaterPool`) is what `@unchecked Sendable` is for.
public final class Deflater: @unchecked Sendable {
    public enum Flush: Sendable {
        /// Bytes may stay inside until more come.
        case none
        /// What was written so far can be read by the receiver; costs about five bytes.
        case sync
        /// Ends the stream.
        case finish
    }

    /// Bytes of room that each call of zlib is given, at most.
    static let outputStep = 64 << 10

    public let format: DeflateFormat
    // zlib keeps a pointer back to the structure, which therefore must not move.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter level: 1 (fast) to 9 (small).
    /// - Throws: `resourceExhausted` where there is no memory.
    public init(_ format: DeflateFormat, level: Int = 6) throws(MonoflowError) {
        self.format = format
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window; 16 more mean gzip's container. 8: zlib's usual memory level.
        let code = deflateInit2_(
            stream, Int32(level), Z_DEFLATED, format == .gzip ? 31 : 15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw MonoflowError(.resourceExhausted, "compress", "", "zlib could not begin (\(code))") }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Begins a new stream.
    public func reset() { deflateReset(stream) }

    /// Appends to `out` what the input gives. After `finish` nothing may follow but `reset`.
    /// - Throws: `internalError` where the stream has ended already.
    public func write(_ input: UnsafeRawBufferPointer, _ flush: Flush, into out: inout [UInt8]) throws(MonoflowError) {
        let mode = switch flush {
        case .none: Z_NO_FLUSH
        case .sync: Z_SYNC_FLUSH
        case .finish: Z_FINISH
        }
        // zlib counts in 32 bits.
        var rest = input
        repeat {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            try writePiece(piece, rest.isEmpty ? mode : Z_NO_FLUSH, into: &out)
        } while !rest.isEmpty
    }

    public func write(_ input: [UInt8], _ flush: Flush, into out: inout [UInt8]) throws(MonoflowError) {
        let result = input.withUnsafeBytes { bytes in
            Result { () throws(MonoflowError) in try write(bytes, flush, into: &out) }
        }
        try result.get()
    }

    private func writePiece(_ input: UnsafeRawBufferPointer, _ mode: Int32, into out: inout [UInt8]) throws(MonoflowError) {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(input.count)
        defer { stream.pointee.next_in = nil }
        var code = Z_OK
        repeat {
            // Text shrinks; where it does not, there are more turns.
            let room = min(Self.outputStep, Int(stream.pointee.avail_in) / 2 + 256)
            out.append(addingCapacity: room) { (span: inout OutputSpan<UInt8>) in
                span.withUnsafeMutableBufferPointer { buffer, count in
                    stream.pointee.next_out = buffer.baseAddress
                    stream.pointee.avail_out = UInt32(buffer.count)
                    code = CZlib.deflate(stream, mode)
                    count = buffer.count - Int(stream.pointee.avail_out)
                }
            }
            // A buffer error only says that there was nothing to do.
            guard code >= 0 || code == Z_BUF_ERROR else { throw MonoflowError(.internalError, "compress", "", "zlib refused the stream (\(code))") }
        } while stream.pointee.avail_out == 0 && code != Z_STREAM_END
    }

    /// A whole stream at once.
    public func compress(_ input: [UInt8]) throws(MonoflowError) -> [UInt8] {
        reset()
        var out: [UInt8] = []
        out.reserveCapacity(input.count / 4 + 64)
        try write(input, .finish, into: &out)
        return out
    }
}
