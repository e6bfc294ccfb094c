import CNGHTTP2
import Core
import Sockets

/// An error code of RFC 9113, section 7.
struct HTTP2ErrorCode: RawRepresentable, Equatable, Sendable {
    let rawValue: UInt32
    static let none = HTTP2ErrorCode(rawValue: 0x0)
    static let protocolError = HTTP2ErrorCode(rawValue: 0x1)
    static let internalError = HTTP2ErrorCode(rawValue: 0x2)
    static let refusedStream = HTTP2ErrorCode(rawValue: 0x7)
    static let cancel = HTTP2ErrorCode(rawValue: 0x8)
    static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 0xb)
    static let inadequateSecurity = HTTP2ErrorCode(rawValue: 0xc)
}

/// What the owner has to send on a stream just now.
enum HTTP2Supply {
    /// Bytes that `writeData` can give. - Parameter isLast: the body ends with them. `trailers` follow then, where there are any.
    case bytes(Int, isLast: Bool, hasTrailers: Bool)
    /// Nothing yet: `resume` says when there is.
    case later
    case failed
}

/// What a session tells its owner, within `receive` and `send`.
protocol HTTP2SessionOwner: AnyObject {
    /// A block of fields begins. - Parameter isFirst: it opens the stream, or answers on it; else it holds trailers.
    func headersBegin(_ stream: Int32, isFirst: Bool)
    /// One field, valid during the call. - Returns: false resets the stream.
    func header(_ stream: Int32, name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) -> Bool
    func headersEnd(_ stream: Int32, endsStream: Bool)
    func data(_ stream: Int32, _ bytes: UnsafeRawBufferPointer)
    /// The peer's last frame on the stream.
    func dataEnd(_ stream: Int32)
    func streamClosed(_ stream: Int32, _ code: HTTP2ErrorCode)
    /// Any whole frame, for accounting: type and payload length.
    func frameReceived(type: UInt8, length: Int, flags: UInt8)
    func frameSent(_ stream: Int32, length: Int, endsStream: Bool)
    func supply(_ stream: Int32, limit: Int) -> HTTP2Supply
    /// The trailers that `supply` spoke of.
    func trailers(_ stream: Int32) -> HTTPHeaders
    /// Takes `count` bytes of the stream's body, behind the frame's header. - Returns: false where the output is full for now.
    func writeData(_ stream: Int32, header: UnsafeRawBufferPointer, count: Int) -> Bool
    /// The peer begins no more streams, or answers none above `last`.
    func goneAway(last: Int32, _ code: HTTP2ErrorCode)
}

/// libnghttp2's state of one connection: framing, HPACK, flow control, and the rules of RFC 9113.
final class HTTP2Session {
    enum Side { case client, server }

    enum Flushed {
        /// Nothing was tried: it is not the time, or the connection is closed.
        case refused
        case done
        /// There is more, and the socket takes it: others on the loop are to have their turn first.
        case more
    }

    /// Memory that waits to be sent; above it no stream is asked for more.
    static let outputHighWater = 256 << 10
    private static let turns = 16

    private var session: OpaquePointer?
    private(set) var isReceiving = false
    private var isSending = false
    /// The output holds enough: what else there is waits in the streams.
    private(set) var isFull = false
    private unowned let owner: any HTTP2SessionOwner

    /// - Throws: `resourceExhausted` where memory is out.
    init(_ side: Side, owner: any HTTP2SessionOwner) throws(MonoflowError) {
        self.owner = owner
        var callbacks: OpaquePointer?
        var option: OpaquePointer?
        guard nghttp2_session_callbacks_new(&callbacks) == 0, nghttp2_option_new(&option) == 0 else { throw Self.exhausted }
        defer {
            nghttp2_session_callbacks_del(callbacks)
            nghttp2_option_del(option)
        }
        HTTP2Callbacks.install(callbacks)
        nghttp2_option_set_no_auto_window_update(option, 1)
        nghttp2_option_set_no_closed_streams(option, 1)
        nghttp2_option_set_server_fallback_rfc7540_priorities(option, 0)
        let me = Unmanaged.passUnretained(self).toOpaque()
        let result = side == .server
            ? nghttp2_session_server_new2(&session, callbacks, me, option) : nghttp2_session_client_new2(&session, callbacks, me, option)
        guard result == 0 else { throw Self.exhausted }
    }

    deinit { nghttp2_session_del(session) }

    private static var exhausted: MonoflowError { MonoflowError(.resourceExhausted, "start HTTP/2", "", "out of memory") }

    static func session(_ pointer: UnsafeMutableRawPointer?) -> any HTTP2SessionOwner {
        // The session sets this pointer to itself when it is made, and lives as long as nghttp2 may call.
        Unmanaged<HTTP2Session>.fromOpaque(pointer.unsafelyUnwrapped).takeUnretainedValue().owner
    }

    // MARK: input and output

    /// Takes what the peer has sent. - Returns: nil, or why the connection cannot go on.
    func receive(_ bytes: UnsafeRawBufferPointer) -> String? {
        isReceiving = true
        defer { isReceiving = false }
        let taken = nghttp2_session_mem_recv(session, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        return taken < 0 ? String(cString: nghttp2_strerror(Int32(taken))) : nil
    }

    /// Sends what there is, as far as the socket takes it. Does nothing within the owner's callbacks.
    func flush(to connection: Connection) -> Flushed {
        guard !isReceiving, !isSending, !connection.isClosed else { return .refused }
        isSending = true
        defer { isSending = false }
        for _ in 0..<Self.turns {
            isFull = false
            while !isFull, let bytes = next() {
                connection.write { $0.append(contentsOf: bytes) }
                isFull = isFull || connection.queuedBytes >= Self.outputHighWater
            }
            connection.flush()
            guard isFull, connection.isDrained, !connection.isClosed else { return .done }
        }
        return .more
    }

    /// Asked by the owner before it writes a stream's bytes: where there is no room, the session asks again later.
    func hasRoom(in connection: Connection) -> Bool {
        if connection.queuedBytes < Self.outputHighWater { return true }
        isFull = true
        return false
    }

    /// The next bytes to send, valid until the next call; nil where there are none, or where the output is full.
    private func next() -> UnsafeRawBufferPointer? {
        var data: UnsafePointer<UInt8>?
        let count = nghttp2_session_mem_send(session, &data)
        guard count > 0, let data else { return nil }
        return UnsafeRawBufferPointer(start: data, count: count)
    }

    var wantsRead: Bool { nghttp2_session_want_read(session) != 0 }
    var wantsWrite: Bool { nghttp2_session_want_write(session) != 0 }

    // MARK: the connection

    func settings(_ entries: [(id: nghttp2_settings_id, value: UInt32)]) {
        let all = entries.map { nghttp2_settings_entry(settings_id: Int32(bitPattern: $0.id.rawValue), value: $0.value) }
        nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), all, all.count)
    }

    /// How much the peer may send ahead on the whole connection, in bytes.
    func connectionWindow(_ size: Int32) { nghttp2_session_set_local_window_size(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, size) }

    /// Gives back window of the stream and of the connection.
    func consume(_ stream: Int32, _ count: Int) { nghttp2_session_consume(session, stream, count) }

    /// Gives back window of the stream only.
    func consumeStream(_ stream: Int32, _ count: Int) { nghttp2_session_consume_stream(session, stream, count) }

    /// For bytes of a stream that is no more, or whose own window is given back later.
    func consumeConnection(_ count: Int) { nghttp2_session_consume_connection(session, count) }

    /// Announces the end without refusing what is on its way.
    func shutdownNotice() { nghttp2_submit_shutdown_notice(session) }

    /// Takes no new streams from now on.
    func goAway(_ code: HTTP2ErrorCode) {
        nghttp2_submit_goaway(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(session), code.rawValue, nil, 0)
    }

    /// Sends GOAWAY, and then neither reads nor writes any more.
    func terminate(_ code: HTTP2ErrorCode) { nghttp2_session_terminate_session(session, code.rawValue) }

    func ping() { nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil) }

    // MARK: streams

    private static var provider: nghttp2_data_provider {
        nghttp2_data_provider(source: nghttp2_data_source(), read_callback: HTTP2Callbacks.read)
    }

    /// - Returns: false where the stream is gone.
    func respond(_ stream: Int32, _ fields: HTTP2FieldList, hasBody: Bool) -> Bool {
        var provider = Self.provider
        return fields.withValues { values, count in
            nghttp2_submit_response(session, stream, values, count, hasBody ? withUnsafePointer(to: &provider) { $0 } : nil)
        } == 0
    }

    /// Sends a 1xx response ahead of the answer.
    func inform(_ stream: Int32, _ fields: HTTP2FieldList) {
        _ = fields.withValues { values, count in
            nghttp2_submit_headers(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, nil, values, count, nil)
        }
    }

    /// Opens a stream from the client's side. - Returns: nil where no more can be opened on this connection.
    func request(_ fields: HTTP2FieldList, hasBody: Bool) -> Int32? {
        var provider = Self.provider
        let stream = fields.withValues { values, count in
            nghttp2_submit_request(session, nil, values, count, hasBody ? withUnsafePointer(to: &provider) { $0 } : nil, nil)
        }
        return stream > 0 ? stream : nil
    }

    func resume(_ stream: Int32) { nghttp2_session_resume_data(session, stream) }

    func reset(_ stream: Int32, _ code: HTTP2ErrorCode) {
        nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
    }

    /// What the peer allows: streams of ours at once.
    var peerStreamLimit: Int { Int(nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)) }
}
