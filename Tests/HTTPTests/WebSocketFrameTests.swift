import Core
import Testing

@testable import HTTP

@Suite struct WebSocketFrameTests {
    /// A frame as a client sends it.
    private func masked(_ first: UInt8, _ payload: [UInt8], form: Int? = nil) -> [UInt8] {
        let mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        var out = [first]
        switch form ?? (payload.count < 126 ? 0 : payload.count < 65536 ? 2 : 8) {
        case 0: out.append(0x80 | UInt8(payload.count))
        case 2: out += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default: out += [0x80 | 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        }
        return out + mask + payload.enumerated().map { $0.element ^ mask[$0.offset & 3] }
    }

    private struct Message: Equatable {
        var isText: Bool
        var bytes: [UInt8]
    }

    /// Messages put together, with the control frames between them in order.
    private func read(_ bytes: [UInt8], chunk: Int) throws -> (messages: [Message], controls: [WebSocketFrameReader.Event]) {
        var reader = WebSocketFrameReader(), messages: [Message] = [], controls: [WebSocketFrameReader.Event] = [], open: Message?
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            for event in try reader.read(Array(bytes[start..<min(bytes.count, start + chunk)])) {
                guard case .data(let isText, let part, let isFirst, let isLast) = event else {
                    controls.append(event)
                    continue
                }
                #expect((open == nil) == isFirst)
                open = Message(isText: isText, bytes: (open?.bytes ?? []) + part)
                if isLast, let whole = open {
                    messages.append(whole)
                    open = nil
                }
            }
        }
        return (messages, controls)
    }

    @Test(arguments: [1, 2, 3, 7, 64, 1 << 20]) func messagesComeWholeHoweverTheyAreCut(_ chunk: Int) throws {
        let long = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }, middle = Array(long.prefix(300))
        let bytes = masked(0x82, [1, 2, 3]) + masked(0x81, []) + masked(0x02, middle) + masked(0x89, [9]) + masked(0x00, [])
            + masked(0x80, [7]) + masked(0x8a, []) + masked(0x82, long) + masked(0x82, [5], form: 8) + masked(0x88, [0x03, 0xe8, 65])
        let (messages, controls) = try read(bytes, chunk: chunk)
        #expect(messages == [
            Message(isText: false, bytes: [1, 2, 3]), Message(isText: true, bytes: []), Message(isText: false, bytes: middle + [7]),
            Message(isText: false, bytes: long), Message(isText: false, bytes: [5]),
        ])
        #expect(controls == [.ping([9]), .pong, .close(code: 1000)])
    }

    @Test func whatNoClientMaySendIsRefused() {
        let cases: [(String, [UInt8])] = [
            ("not masked", [0x82, 0x01, 0x41]), ("reserved bits", masked(0xc2, [1])), ("unknown opcode", masked(0x83, [1])), ("goes on from nothing", masked(0x80, [1])),
            ("begins inside another", masked(0x02, [1]) + masked(0x82, [2])), ("long control", masked(0x89, [UInt8](repeating: 0, count: 126))),
            ("control in parts", masked(0x09, [1])), ("half a code", masked(0x88, [3])), ("too long", [0x82, 0xff] + [UInt8](repeating: 0xff, count: 8) + [0, 0, 0, 0]),
        ]
        for (name, bytes) in cases {
            #expect(throws: MonoflowError.self, "\(name)") { try read(bytes, chunk: 3) }
        }
    }

    @Test(arguments: [(5, [0x82, 5]), (125, [0x82, 125]), (126, [0x82, 126, 0, 126]), (65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0])] as [(Int, [UInt8])])
    func framesOfTheServer(_ count: Int, _ head: [UInt8]) {
        let payload = [UInt8](repeating: 8, count: count)
        #expect(WebSocketFrameReader.frame(2, payload) == head + payload)
    }
}
