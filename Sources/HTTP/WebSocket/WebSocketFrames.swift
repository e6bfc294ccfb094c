import Core

/// Frames of RFC 6455 as a client sends them. Payloads are handed on in pieces as they arrive, so a message of any length needs no room.
struct WebSocketFrameReader {
    enum Event: Equatable {
        /// A part of a message; `isFirst` and `isLast` tell where it lies in it. A part may be empty.
        case data(isText: Bool, [UInt8], isFirst: Bool, isLast: Bool)
        case ping([UInt8])
        case pong
        case close(code: UInt16?)
    }

    private struct Frame {
        var opcode: UInt8
        var isFinal: Bool
        var mask: [UInt8]
        var left: UInt64
        var offset = 0
        var hasBegun = false
    }

    private static let controlBytes = 125
    private var head: [UInt8] = []
    private var frame: Frame?
    /// The payload so far of a control frame.
    private var control: [UInt8] = []
    /// The opcode of the message whose frames follow one another; nil between messages.
    private var message: UInt8?

    /// - Throws: `invalidArgument` for what no client may send; the connection is of no use then.
    mutating func read(_ bytes: [UInt8]) throws(MonoflowError) -> [Event] {
        var events: [Event] = [], rest = bytes[...]
        while true {
            if frame == nil {
                guard try readHead(&rest) else { return events }
            }
            guard var now = frame else { return events }
            let count = Int(min(UInt64(rest.count), now.left))
            var piece = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            for index in piece.indices { piece[index] ^= now.mask[(now.offset + index) & 3] }
            now.offset = (now.offset + count) & 3
            now.left -= UInt64(count)
            let isWhole = now.left == 0
            if now.opcode >= 8 {
                control += piece
                if isWhole { try events.append(finishControl(now.opcode)) }
            } else if count > 0 || isWhole {
                let opcode = message ?? now.opcode, isFirst = now.opcode != 0 && !now.hasBegun
                now.hasBegun = true
                events.append(.data(isText: opcode == 1, piece, isFirst: isFirst, isLast: isWhole && now.isFinal))
                if isWhole && now.isFinal { message = nil }
            }
            frame = isWhole ? nil : now
            if rest.isEmpty && !isWhole { return events }
        }
    }

    /// - Returns: false where more bytes are needed.
    private mutating func readHead(_ rest: inout ArraySlice<UInt8>) throws(MonoflowError) -> Bool {
        func need() -> Int {
            guard head.count >= 2 else { return 2 }
            let length = head[1] & 0x7f
            return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + 4
        }
        while head.count < need() {
            guard let byte = rest.popFirst() else { return false }
            head.append(byte)
            // Said at once: what follows an unmasked head may never be as long as a masked one.
            if head.count == 2, byte & 0x80 == 0 { throw Self.fault("a frame is not masked") }
        }
        let opcode = head[0] & 0x0f, isFinal = head[0] & 0x80 != 0, mark = head[1] & 0x7f
        guard head[0] & 0x70 == 0 else { throw Self.fault("reserved bits are set") }
        var length = UInt64(mark)
        if mark >= 126 { length = head[2..<(head.count - 4)].reduce(0) { $0 << 8 | UInt64($1) } }
        guard length >> 63 == 0 else { throw Self.fault("a frame is too long") }
        switch opcode {
        case 0: guard message != nil else { throw Self.fault("a message goes on that has not begun") }
        case 1, 2:
            guard message == nil else { throw Self.fault("a message begins inside another") }
            message = opcode
        case 8, 9, 10: guard isFinal, length <= UInt64(Self.controlBytes) else { throw Self.fault("a control frame is long or in parts") }
        default: throw Self.fault("opcode \(opcode) is unknown")
        }
        frame = Frame(opcode: opcode, isFinal: isFinal, mask: Array(head.suffix(4)), left: length)
        head = []
        return true
    }

    private mutating func finishControl(_ opcode: UInt8) throws(MonoflowError) -> Event {
        let payload = control
        control = []
        switch opcode {
        case 9: return .ping(payload)
        case 10: return .pong
        default:
            guard payload.count != 1 else { throw Self.fault("a close frame has half a code") }
            return .close(code: payload.isEmpty ? nil : UInt16(payload[0]) << 8 | UInt16(payload[1]))
        }
    }

    private static func fault(_ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "read WebSocket", "", message) }

    /// One whole frame of a server, which does not mask.
    static func frame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x80 | opcode]
        switch payload.count {
        case ...125: out.append(UInt8(payload.count))
        case ...0xffff: out += [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default: out += [127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        }
        return out + payload
    }
}
