import SwiftProtobuf

/// gRPC's canonical status codes, with their numbers on the wire.
public enum GRPCCode: Int, Sendable, Hashable, CaseIterable {
    case ok = 0, cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
    case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, internalError, unavailable, dataLoss
    case unauthenticated

    /// As the protocol's documents write it, e.g. `DEADLINE_EXCEEDED`.
    public var name: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internalError: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }
}

/// How a call ended. Thrown by a handler it is what the client gets; thrown by the client it is what the server said, or
/// why there was no answer.
public struct GRPCStatus: Error, Sendable, Equatable {
    public var code: GRPCCode
    /// For people; any text. Over `StatusTrailers.messageBytes` it is cut.
    public var message: String
    /// Messages of any type that tell more, e.g. which field was wrong.
    public var details: [Google_Protobuf_Any]

    public init(_ code: GRPCCode, _ message: String = "", details: [Google_Protobuf_Any] = []) {
        self.code = code
        self.message = message
        self.details = details
    }

    public static let ok = GRPCStatus(.ok)
}

extension GRPCStatus: CustomStringConvertible {
    /// `NOT_FOUND: message`.
    public var description: String { message.isEmpty ? code.name : "\(code.name): \(message)" }
}
