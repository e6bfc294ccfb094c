import Core

/// Takes messages out of a call's bytes, however these are cut into chunks. Holds one unfinished message at most.
struct FrameReader {
    /// Beyond this the room for a message is made as it arrives, not when its length is announced.
    private static let trustedLength = 4 << 20

    let limit: Int
    /// How messages with the compressed flag are packed.
    let encoding: GRPCEncoding
    private var chunk: [UInt8] = []
    private var at = 0
    private var prefix: [UInt8] = []
    private var pending: Pending?

    /// A message that goes over the end of a chunk.
    private struct Pending {
        var bytes: [UInt8] = []
        let length: Int
        let isCompressed: Bool

        /// Room for what is still to come, in steps, because an announced length costs the peer nothing.
        mutating func append(_ part: ArraySlice<UInt8>) {
            if bytes.count + part.count > bytes.capacity {
                bytes.reserveCapacity(min(length, max(FrameReader.trustedLength, 4 * (bytes.count + part.count))))
            }
            bytes.append(contentsOf: part)
        }
    }

    init(limit: Int, encoding: GRPCEncoding) {
        self.limit = min(limit, Int(Int32.max))
        self.encoding = encoding
    }

    /// Adds what arrived. Call only after `next` has answered nil.
    mutating func append(_ bytes: [UInt8]) {
        chunk = bytes
        at = 0
    }

    /// The next whole message, decompressed; nil where more bytes are needed.
    /// - Throws: `resourceExhausted` over the limit, `internalError` for a broken frame. Nothing can be read after that.
    mutating func next() throws(GRPCStatus) -> GRPCMessage? {
        guard var message = pending else { return try start() }
        pending = nil
        let count = min(message.length - message.bytes.count, chunk.count - at)
        message.append(chunk[at..<at + count])
        at += count
        if message.bytes.count < message.length {
            pending = message
            return nil
        }
        return try unpacked(GRPCMessage(storage: message.bytes, range: 0..<message.length), message.isCompressed)
    }

    /// Whether the bytes so far end between two messages.
    var isAtBoundary: Bool { pending == nil && prefix.isEmpty && at == chunk.count }

    private mutating func start() throws(GRPCStatus) -> GRPCMessage? {
        while prefix.count < GRPCMessage.prefixLength {
            if at == chunk.count { return nil }
            prefix.append(chunk[at])
            at += 1
        }
        let isCompressed = prefix[0] == 1
        guard prefix[0] <= 1 else { throw GRPCStatus(.internalError, "the flag of a message is \(prefix[0]), not 0 or 1") }
        let length = prefix[1...].reduce(0) { $0 << 8 | Int($1) }
        if length > limit { throw Self.tooLarge(length, limit) }
        prefix.removeAll(keepingCapacity: true)
        if chunk.count - at >= length {
            defer { at += length }
            return try unpacked(GRPCMessage(storage: chunk, range: at..<at + length), isCompressed)
        }
        pending = Pending(length: length, isCompressed: isCompressed)
        return try next()
    }

    private func unpacked(_ message: GRPCMessage, _ isCompressed: Bool) throws(GRPCStatus) -> GRPCMessage {
        if !isCompressed { return message }
        guard encoding != .identity else {
            throw GRPCStatus(.internalError, "a message is marked as compressed, and grpc-encoding names no compression")
        }
        return try encoding.decompress(message, limit: limit)
    }

    static func tooLarge(_ length: Int, _ limit: Int) -> GRPCStatus {
        GRPCStatus(.resourceExhausted, "a message of \(length) bytes is over the limit of \(limit) bytes")
    }
}
