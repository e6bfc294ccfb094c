import HTTP
import SwiftProtobuf

/// A status as it stands in trailers: `grpc-status`, `grpc-message`, `grpc-status-details-bin`.
enum StatusTrailers {
    /// A longer message is cut: peers refuse headers beyond some size (8 KiB in grpcio), and a status must arrive.
    static let messageBytes = 1 << 10
    /// Details that would take more, in base64, are left out.
    static let detailsBytes = 4 << 10

    static func add(_ status: GRPCStatus, to headers: inout HTTPHeaders) {
        headers.add("grpc-status", String(status.code.rawValue))
        let message = cut(status.message)
        if !message.isEmpty { headers.add("grpc-message", GRPCText.percentEncoded(message)) }
        if status.details.isEmpty { return }
        let full = Google_Rpc_Status.with {
            $0.code = Int32(status.code.rawValue)
            $0.message = String(message)
            $0.details = status.details
        }
        // A detail of a type that cannot be written is the handler's mistake; the status itself still goes out.
        guard let bytes: [UInt8] = try? full.serializedBytes(), bytes.count * 4 / 3 <= detailsBytes else { return }
        headers.add("grpc-status-details-bin", GRPCText.base64(bytes))
    }

    private static func cut(_ message: String) -> Substring {
        if message.utf8.count <= messageBytes { return message[...] }
        var end = message.utf8.index(message.startIndex, offsetBy: messageBytes)
        // Not inside a character.
        while end.samePosition(in: message) == nil { end = message.utf8.index(before: end) }
        return message[..<end]
    }

    /// - Returns: nil where there is no `grpc-status`, or none that is a number. A number that is no code is `unknown`.
    static func read(_ headers: HTTPHeaders) -> GRPCStatus? {
        guard let text = headers["grpc-status"], let number = Int(text) else { return nil }
        var status = GRPCStatus(
            GRPCCode(rawValue: number) ?? .unknown, GRPCText.percentDecoded(headers["grpc-message"] ?? ""))
        if let text = headers["grpc-status-details-bin"], let bytes = GRPCText.bytes(base64: text),
            let full = try? Google_Rpc_Status(serializedBytes: bytes)
        {
            status.details = full.details
        }
        return status
    }
}
