#if FUZZ
import CNGHTTP2

/// What a server sent over HTTP/2, taken apart frame by frame, with checks of the rules for frames in sequence.
struct HTTP2Output: Equatable {
    struct Stream: Equatable {
        var fields: [String] = []
        var data: [UInt8] = []
        var trailers: [String] = []
        var ended = false
        var reset: UInt32?
    }

    private(set) var streams: [UInt32: Stream] = [:]
    private(set) var goAway: [UInt32] = []

    init(_ bytes: [UInt8]) throws {
        var inflater: OpaquePointer?
        guard nghttp2_hd_inflate_new(&inflater) == 0 else { throw FuzzFailure("no memory") }
        defer { nghttp2_hd_inflate_del(inflater) }
        var rest = bytes[...], block: (stream: UInt32, ends: Bool, bytes: [UInt8])?
        var isFirst = true
        while !rest.isEmpty {
            guard rest.count >= 9 else { throw FuzzFailure("half a frame was sent") }
            let head = Array(rest.prefix(9))
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            let (type, flags) = (head[3], head[4])
            let id = head[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard rest.count >= 9 + length else { throw FuzzFailure("half a frame was sent") }
            let payload = Array(rest.dropFirst(9).prefix(length))
            rest = rest.dropFirst(9 + length)
            if isFirst { try require(type == 4 && flags & 1 == 0, "the first frame is not SETTINGS") }
            isFirst = false
            if let open = block { try require(type == 9 && id == open.stream, "a block of fields is interrupted") }
            switch type {
            case 0:
                try require(streams[id]?.ended == false && streams[id]?.reset == nil, "DATA on a stream that is not open: \(id)")
                streams[id]?.data += payload
                if flags & 1 != 0 { streams[id]?.ended = true }
            case 1, 9:
                var current = block ?? (id, flags & 1 != 0, [])
                current.bytes += payload
                block = flags & 4 == 0 ? current : nil
                if block == nil { try headers(id, ends: current.ends, current.bytes, inflater) }
            case 3: streams[id, default: Stream()].reset = payload.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            case 7: goAway.append(payload.dropFirst(4).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
            default: break
            }
        }
        try require(block == nil, "a block of fields does not end")
    }

    private mutating func headers(_ id: UInt32, ends: Bool, _ block: [UInt8], _ inflater: OpaquePointer?) throws {
        var fields: [String] = [], input = block[...]
        while true {
            var field = nghttp2_nv(), flags: Int32 = 0
            let used = input.withUnsafeBufferPointer { nghttp2_hd_inflate_hd2(inflater, &field, &flags, $0.baseAddress, $0.count, 1) }
            guard used >= 0 else { throw FuzzFailure("fields that cannot be decompressed") }
            input = input.dropFirst(used)
            if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                let name = String(decoding: UnsafeBufferPointer(start: field.name, count: field.namelen), as: UTF8.self)
                let value = String(decoding: UnsafeBufferPointer(start: field.value, count: field.valuelen), as: UTF8.self)
                try require(name == name.lowercased(), "the name \(name) is not in lower case")
                if name != "date" { fields.append("\(name): \(value)") }
            }
            if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                nghttp2_hd_inflate_end_headers(inflater)
                break
            }
            if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) == 0 && input.isEmpty { break }
        }
        if var stream = streams[id] {
            try require(!stream.ended && stream.reset == nil, "fields on a stream that is not open: \(id)")
            try require(ends, "trailers that do not end the stream")
            stream.trailers = fields
            stream.ended = true
            streams[id] = stream
        } else {
            try require(fields.first?.hasPrefix(":status: ") == true, "a response without a status")
            streams[id] = Stream(fields: fields, ended: ends)
        }
    }
}
#endif
