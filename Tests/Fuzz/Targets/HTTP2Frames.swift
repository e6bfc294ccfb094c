#if FUZZ
/// Frames from short records, so that mutations of an input stay frames: type, flags, stream, length, payload.
enum HTTP2Frames {
    static func frames(_ records: some Collection<UInt8>) -> [UInt8] {
        let input = Array(records)
        var out: [UInt8] = [], at = 0
        while at + 4 <= input.count {
            let length = min(Int(input[at + 3]), input.count - at - 4)
            frame(type: input[at], flags: input[at + 1], stream: UInt32(input[at + 2]), input[(at + 4)..<(at + 4 + length)], &out)
            at += 4 + length
        }
        return out
    }

    static func frame(type: UInt8, flags: UInt8, stream: UInt32, _ payload: some Collection<UInt8>, _ out: inout [UInt8]) {
        out += [UInt8(payload.count >> 16 & 255), UInt8(payload.count >> 8 & 255), UInt8(payload.count & 255), type, flags]
        for shift in [24, 16, 8, 0] as [UInt32] { out.append(UInt8(stream >> shift & 255)) }
        out += Array(payload)
    }

    private static func record(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [type, flags, stream, UInt8(payload.count)] + payload
    }

    /// A literal field that is not added to the table.
    static func field(_ name: String, _ value: String) -> [UInt8] { [0, UInt8(name.utf8.count)] + name.bytes + [UInt8(value.utf8.count)] + value.bytes }

    private static let settings = record(4, 0, 0, []), acknowledged = record(4, 1, 0, [])
    /// :method GET, :scheme http, :path / from the static table, and an authority that is added to the dynamic one.
    private static let get: [UInt8] = [0x82, 0x86, 0x84, 0x41, 0x01, 0x61]
    private static let post: [UInt8] = [0x83, 0x86] + field(":path", "/inline") + field(":authority", "a")

    static let seeds: [[UInt8]] = [
        settings + record(1, 5, 1, get),
        settings + acknowledged + record(1, 4, 1, post) + record(0, 0, 1, "hello".bytes) + record(0, 1, 1, " there".bytes),
        settings + record(1, 4, 1, post) + record(0, 0, 1, "hello".bytes) + record(1, 5, 1, field("x-trailer", "y")),
        settings + record(1, 5, 1, get) + record(1, 5, 3, [0x82, 0x86, 0x84, 0xbe]) + record(3, 0, 1, [0, 0, 0, 8]),
        settings + record(1, 1, 1, Array(get.prefix(3))) + record(9, 4, 1, Array(get.dropFirst(3))),
        settings + record(1, 0x2d, 1, [2, 0, 0, 0, 0, 16] + get + [0, 0]),
        record(4, 0, 0, [0, 4, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]) + record(1, 5, 1, get) + record(8, 0, 0, [0, 0, 0, 9]) + record(8, 0, 1, [0, 0, 0, 9]),
        settings + record(6, 0, 0, Array("12345678".utf8)) + record(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]) + record(2, 0, 5, [0, 0, 0, 3, 9]),
        settings + record(1, 5, 1, [0x87, 0x84] + field(":method", "CONNECT") + field(":protocol", "websocket") + field(":authority", "a")),
        settings + record(1, 4, 1, post + field("content-length", "5")) + record(0, 9, 1, [3] + "hello".bytes + [0, 0, 0]),
        settings + record(1, 5, 1, get + [0x3f, 0xe1, 0x1f]), settings + record(1, 5, 1, get + field("cookie", "a=1") + field("cookie", "b=2")),
    ]
}
#endif
