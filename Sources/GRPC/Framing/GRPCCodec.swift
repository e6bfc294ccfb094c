import SwiftProtobuf

/// How values become messages and messages values.
public struct GRPCCodec<Value: Sendable>: Sendable {
    let decode: @Sendable (GRPCMessage) throws -> Value
    let encode: @Sendable (Value) throws -> GRPCMessage

    /// - Parameters:
    ///   - decode: its errors, other than `GRPCStatus` and `MonoflowError`, end the call with INTERNAL.
    ///   - encode: as above.
    public init(decode: @escaping @Sendable (GRPCMessage) throws -> Value, encode: @escaping @Sendable (Value) throws -> GRPCMessage) {
        self.decode = decode
        self.encode = encode
    }
}

extension GRPCCodec where Value: Message {
    /// Protocol buffers' binary form, serialized into its place in the frame.
    public static var protobuf: GRPCCodec {
        GRPCCodec(
            decode: { message in
                do { return try Value(serializedBytes: message) } catch {
                    throw GRPCStatus(.internalError, "a message of \(message.count) bytes is not a \(Value.protoMessageName)")
                }
            },
            encode: { try $0.serializedBytes() })
    }
}

extension GRPCCodec where Value == GRPCMessage {
    /// The serialized bytes as they are, for callers that read and write them in place.
    public static var raw: GRPCCodec { GRPCCodec(decode: { $0 }, encode: { $0 }) }
}

/// Turns a call's outgoing messages into frames.
struct FrameWriter: Sendable {
    /// What `grpc-encoding` announces; identity packs nothing.
    var encoding: GRPCEncoding
    let limits: GRPCLimits

    /// - Throws: `resourceExhausted` over the limit.
    func frame(_ message: consuming GRPCMessage) throws -> [UInt8] {
        let count = message.count, limit = min(limits.sentMessageBytes, Int(UInt32.max))
        if count > limit { throw FrameReader.tooLarge(count, limit) }
        if encoding != .identity, count >= limits.compressionThreshold, let packed = encoding.compress(message) {
            return packed.framed(isCompressed: true)
        }
        return message.framed(isCompressed: false)
    }
}
