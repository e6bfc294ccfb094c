/// Assembles protobuf messages for tests.
struct WireWriter {
    var bytes: [UInt8] = []

    static func make(_ build: (inout WireWriter) -> Void) -> [UInt8] {
        var writer = WireWriter()
        build(&writer)
        return writer.bytes
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest > 0x7f {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func number(_ field: UInt64, _ value: Int64) {
        varint(field << 3)
        varint(UInt64(bitPattern: value))
    }

    mutating func content(_ field: UInt64, _ content: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(content.count))
        bytes += content
    }

    mutating func text(_ field: UInt64, _ text: String) { content(field, Array(text.utf8)) }

    mutating func message(_ field: UInt64, _ build: (inout WireWriter) -> Void) { content(field, Self.make(build)) }

    mutating func pair(_ field: UInt64, _ key: String, _ value: [UInt8]) {
        message(field) {
            $0.text(1, key)
            $0.content(2, value)
        }
    }

    /// `k8s`, a zero byte and the envelope, as kubectl writes it: the last two fields are there and empty.
    static func kubernetes(_ apiVersion: String, _ kind: String, contentType: String = "", _ build: (inout WireWriter) -> Void) -> [UInt8] {
        [0x6b, 0x38, 0x73, 0] + make { writer in
            writer.message(1) {
                $0.text(1, apiVersion)
                $0.text(2, kind)
            }
            writer.message(2, build)
            writer.text(3, "")
            writer.text(4, contentType)
        }
    }

    /// The fields that a client writes of metadata even where it says nothing.
    mutating func metadata(name: String, _ more: (inout WireWriter) -> Void = { _ in }) {
        message(1) { meta in
            meta.text(1, name)
            for field: UInt64 in 2...6 { meta.text(field, "") }
            meta.number(7, 0)
            meta.content(8, [])
            more(&meta)
        }
    }
}
