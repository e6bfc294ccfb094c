import Core
import Sockets

// From a handler's answer to frames.
extension HTTP2Connection {
    private func isCurrent(_ stream: HTTP2Stream) -> Bool { streams[stream.id] === stream && !connection.isClosed }

    func respond(_ stream: HTTP2Stream, _ response: HTTPResponse) {
        guard isCurrent(stream), stream.status == nil else { return }
        if response.isStreamed(to: stream.request) { return self.stream(stream, response) }
        let (final, part) = Preconditions.apply(response, to: stream.request)
        stream.status = final.status
        var length: Int64?
        switch final.body {
        case .none: length = stream.request.method == .head ? final.headers["Content-Length"].flatMap { Int64($0) } : 0
        case .bytes(let bytes):
            length = Int64(bytes.count)
            stream.outgoing = bytes.isEmpty ? .none : .bytes(bytes, at: 0)
        case .file(let file):
            let part = part ?? 0..<file.size
            length = part.upperBound - part.lowerBound
            stream.outgoing = part.isEmpty ? .none : .file(file, part)
        case .stream(let known, _): length = known
        case .tunnel: length = nil
        }
        var hasBody = true
        if case .none = stream.outgoing { hasBody = false }
        if final.status.isBodyless || stream.request.method == .head { hasBody = false }
        if !hasBody { stream.outgoing = .none }
        submit(stream, final.status, final.headers, length: final.status.isBodyless ? nil : length, hasBody: hasBody)
    }

    func inform(_ stream: HTTP2Stream, _ status: HTTPStatus, _ headers: HTTPHeaders) {
        guard isCurrent(stream), stream.status == nil, connection.queuedBytes < HTTP2Session.outputHighWater else { return }
        var fields = HTTP2FieldList()
        fields.add(":status", decimal: Int64(status.code))
        fields.add(headers)
        session?.inform(stream.id, fields)
        send()
    }

    private func submit(_ stream: HTTP2Stream, _ status: HTTPStatus, _ headers: HTTPHeaders, length: Int64?, hasBody: Bool) {
        var fields = HTTP2FieldList()
        fields.add(":status", decimal: Int64(status.code))
        fields.add(headers)
        if !headers.contains("Date") { encoder.withDate { fields.add("date", $0) } }
        if let length { fields.add("content-length", decimal: length) }
        if session?.respond(stream.id, fields, hasBody: hasBody) != true { session?.reset(stream.id, .internalError) }
    }

    // MARK: bodies written by a task

    static func tunnelInput(_ target: ExchangeReference<HTTP2Connection>) -> BodyStream? { nil }

    func startStream(_ stream: HTTP2Stream, _ response: HTTPResponse, _ writer: ResponseWriter, tunnel: BodyStream?) {
        guard isCurrent(stream), stream.status == nil else { return writer.close() }
        stream.writer = writer
        writers += 1
        var (status, headers) = (response.status, response.headers)
        if case .stream(let length?, _) = response.body { stream.owed = length }
        if case .tunnel = response.body {
            // What is a switch of protocols in HTTP/1.1 is an ordinary success here (RFC 8441).
            if status == .switchingProtocols { status = .ok }
            headers.remove("Sec-WebSocket-Accept")
        }
        stream.status = status
        stream.outgoing = .pieces(PieceQueue(), isWhole: false)
        submit(stream, status, headers, length: stream.owed, hasBody: true)
        pump(stream)
    }

    func pump(_ stream: HTTP2Stream) {
        guard isCurrent(stream), let writer = stream.writer, case .pieces(var pieces, let isWhole) = stream.outgoing else { return }
        let new = writer.take()
        if !new.isEmpty {
            stream.outgoing = .none
            let count = new.reduce(0) { $0 + $1.count }
            if let owed = stream.owed {
                guard count <= owed else { return abortStream(stream, "the body is longer than its announced length") }
                stream.owed = owed - Int64(count)
            }
            for piece in new { pieces.append(piece) }
            stream.outgoing = .pieces(pieces, isWhole: isWhole)
            resume(stream)
        }
        send()
        writer.drained(queued: stream.queued + connection.queuedBytes)
    }

    private func resume(_ stream: HTTP2Stream) {
        guard stream.isDeferred else { return }
        stream.isDeferred = false
        stream.activeOut = LoopClock.now()
        session?.resume(stream.id)
    }

    func endStream(_ stream: HTTP2Stream) {
        pump(stream)
        guard isCurrent(stream), case .pieces(let pieces, _) = stream.outgoing else { return }
        if let owed = stream.owed, owed > 0 { return abortStream(stream, "the body is \(owed) bytes shorter than announced") }
        stream.trailers = stream.writer?.takeTrailers()
        stream.outgoing = .pieces(pieces, isWhole: true)
        resume(stream)
        send()
    }

    func abortStream(_ stream: HTTP2Stream, _ reason: String) {
        guard isCurrent(stream) else { return }
        core.log.warning("response to \(stream.request.method.rawValue) \(stream.request.rawPath) cut short: \(reason)")
        session?.reset(stream.id, .internalError)
        send()
    }

    // MARK: what the session asks for

    func supply(_ id: Int32, limit: Int) -> HTTP2Supply { streams[id]?.supply(limit: limit) ?? .failed }

    func trailers(_ id: Int32) -> HTTPHeaders { streams[id]?.trailers ?? HTTPHeaders() }

    func writeData(_ id: Int32, header: UnsafeRawBufferPointer, count: Int) -> Bool {
        guard session?.hasRoom(in: connection) == true else { return false }
        guard let stream = streams[id] else { return true }
        var isWhole = true
        connection.write { out in
            out.append(contentsOf: header)
            isWhole = stream.take(count, into: &out)
        }
        if !isWhole {
            core.log.warning("response to \(stream.request.rawPath) cut short: the file has become shorter")
            connection.close()
        }
        return true
    }

    func frameSent(_ id: Int32, length: Int, endsStream: Bool) {
        flood.useful()
        guard let stream = streams[id] else { return }
        stream.sent += Int64(length)
        if !endsStream { return }
        stream.responseEnded = true
        record(stream, isComplete: true)
    }
}
