import CNGHTTP2

private let resetStream = NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
private let noCopy = NGHTTP2_DATA_FLAG_NO_COPY.rawValue
private let end = NGHTTP2_DATA_FLAG_EOF.rawValue
private let noEndStream = NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
private let endStream = UInt8(NGHTTP2_FLAG_END_STREAM.rawValue)
private let dataType = UInt8(NGHTTP2_DATA.rawValue)
private let headersType = UInt8(NGHTTP2_HEADERS.rawValue)
private let goAwayType = UInt8(NGHTTP2_GOAWAY.rawValue)

/// libnghttp2's callbacks, each of which hands on to the session's owner.
enum HTTP2Callbacks {
    static func install(_ callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            guard let frame, frame.pointee.hd.type == headersType else { return 0 }
            HTTP2Session.session(user).headersBegin(
                frame.pointee.hd.stream_id, isFirst: monoflow_headers_category(frame) != NGHTTP2_HCAT_HEADERS)
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) { _, frame, name, nameLength, value, valueLength, _, user in
            guard let frame else { return 0 }
            let taken = HTTP2Session.session(user).header(
                frame.pointee.hd.stream_id, name: UnsafeBufferPointer(start: name, count: nameLength),
                value: UnsafeBufferPointer(start: value, count: valueLength))
            return taken ? 0 : resetStream
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            guard let frame else { return 0 }
            let (owner, header) = (HTTP2Session.session(user), frame.pointee.hd)
            owner.frameReceived(type: header.type, length: header.length, flags: header.flags)
            let ends = header.flags & endStream != 0
            switch header.type {
            case headersType: owner.headersEnd(header.stream_id, endsStream: ends)
            case dataType: if ends { owner.dataEnd(header.stream_id) }
            case goAwayType: owner.goneAway(last: frame.pointee.goaway.last_stream_id, HTTP2ErrorCode(rawValue: frame.pointee.goaway.error_code))
            default: break
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, bytes, count, user in
            HTTP2Session.session(user).data(stream, UnsafeRawBufferPointer(start: bytes, count: count))
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, user in
            HTTP2Session.session(user).streamClosed(stream, HTTP2ErrorCode(rawValue: code))
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            guard let frame else { return 0 }
            let header = frame.pointee.hd
            if header.type == dataType || header.type == headersType {
                HTTP2Session.session(user).frameSent(header.stream_id, length: header.length + 9, endsStream: header.flags & endStream != 0)
            }
            return 0
        }
        nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, frame, header, count, _, user in
            guard let frame, let header else { return resetStream }
            let written = HTTP2Session.session(user).writeData(
                frame.pointee.hd.stream_id, header: UnsafeRawBufferPointer(start: header, count: 9), count: count)
            return written ? 0 : NGHTTP2_ERR_WOULDBLOCK.rawValue
        }
    }

    static let read: nghttp2_data_source_read_callback = { session, stream, _, limit, flags, _, user in
        let owner = HTTP2Session.session(user)
        switch owner.supply(stream, limit: limit) {
        case .later: return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        case .failed: return Int(resetStream)
        case .bytes(let count, let isLast, let hasTrailers):
            flags?.pointee |= noCopy
            if isLast { flags?.pointee |= end }
            if isLast, hasTrailers {
                flags?.pointee |= noEndStream
                var fields = HTTP2FieldList()
                fields.add(owner.trailers(stream))
                _ = fields.withValues { values, count in nghttp2_submit_trailer(session, stream, values, count) }
            }
            return count
        }
    }
}
