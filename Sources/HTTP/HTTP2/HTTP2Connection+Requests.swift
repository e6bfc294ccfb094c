import Core
import Sockets

// From the client's frames to a handler.
extension HTTP2Connection: HTTP2SessionOwner {
    func headersBegin(_ stream: Int32, isFirst: Bool) {
        head = (stream, isFirst, HTTP2HeadReader())
        headSince = LoopClock.now()
    }

    func header(_ stream: Int32, name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) -> Bool {
        head?.reader.add(name: name, value: value, core.limits) ?? true
    }

    func headersEnd(_ stream: Int32, endsStream: Bool) {
        guard let block = head, block.stream == stream else { return }
        head = nil
        var reader = block.reader
        if !block.isFirst {
            streams[stream]?.trailersIn = reader.trailers()
            if endsStream { dataEnd(stream) }
            return
        }
        flood.useful()
        // Handlers of streams that the client has reset may still be at work.
        if isDraining || running.count >= 2 * core.limits.streams {
            session?.reset(stream, .refusedStream)
            return
        }
        do throws(RequestRefusal) {
            begin(stream, try reader.request(peer: connection.peer), length: reader.contentLength, ended: endsStream)
        } catch {
            core.counters.refusals.add(1, ordering: .relaxed)
            let refused = HTTP2Stream(stream, HTTPRequest(.get, "/", peer: connection.peer, version: .http2), handler: nil, requestEnded: endsStream)
            streams[stream] = refused
            respond(refused, core.refusal(error))
        }
    }

    private func begin(_ id: Int32, _ request: HTTPRequest, length: Int64?, ended: Bool) {
        core.counters.requests.add(1, ordering: .relaxed)
        let match = core.table.match(request.method, request.target)
        let stream = HTTP2Stream(id, request, handler: core.handler(for: match), requestEnded: ended)
        stream.request.isSecure = connection.isSecure
        streams[id] = stream
        if let answer = stream.route(match, core) { return respond(stream, answer) }
        if ended { return run(stream) }
        if let expected = request.headers["Expect"] {
            guard expected.lowercased() == "100-continue" else {
                return respond(stream, core.refusal(RequestRefusal(.expectationFailed, "only Expect: 100-continue is met")))
            }
            stream.awaitsContinue = true
        }
        let limit = stream.isInline ? Int64(core.limits.inlineBodyBytes) : core.limits.streamedBodyBytes
        if let length, length > limit { return tooLarge(stream, limit) }
        if stream.isInline { return sendContinue(stream) }
        let target = ExchangeReference(self, stream)
        let body = BodyStream(length: length) { target.onLoop { $0.bodyWanted($1) } }
        stream.stream = body
        stream.request.body = HTTPBody(source: .stream(body), defaultLimit: core.limits.bodyBytes)
        run(stream)
    }

    private func tooLarge(_ stream: HTTP2Stream, _ limit: Int64) {
        let refusal = RequestRefusal(.payloadTooLarge, "the body is over \(limit) bytes")
        stream.stream?.end(MonoflowError(.payloadTooLarge, "read body", "", refusal.message))
        respond(stream, core.refusal(refusal))
    }

    func data(_ id: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let stream = streams[id] else {
            session?.consumeConnection(bytes.count)
            return
        }
        if stream.responseEnded {
            // The rest of an upload that nobody reads is dropped, because some clients look at the answer only behind it; the
            // window for a very long one is kept back until it is reset.
            stream.received += Int64(bytes.count)
            stream.activeIn = LoopClock.now()
            if stream.received > Self.dropLimit { stream.withheld += bytes.count } else { session?.consume(id, bytes.count) }
            return
        }
        flood.useful()
        stream.activeIn = LoopClock.now()
        stream.received += Int64(bytes.count)
        if let body = stream.stream {
            guard stream.received <= core.limits.streamedBodyBytes else { return tooLarge(stream, core.limits.streamedBodyBytes) }
            // Where the reader is behind, the window is given back when it has caught up.
            if body.push(Array(bytes)) { session?.consume(id, bytes.count) } else { stream.withheld += bytes.count }
        } else {
            session?.consume(id, bytes.count)
            if stream.isInline, stream.status == nil {
                stream.gathered.append(contentsOf: bytes)
                if stream.gathered.count > core.limits.inlineBodyBytes { tooLarge(stream, Int64(core.limits.inlineBodyBytes)) }
            }
        }
    }

    func dataEnd(_ id: Int32) {
        guard let stream = streams[id], !stream.requestEnded else { return }
        stream.requestEnded = true
        if let body = stream.stream {
            body.end(trailers: stream.trailersIn)
        } else if stream.isInline, stream.status == nil {
            stream.request.body = HTTPBody(source: .bytes(stream.gathered), defaultLimit: core.limits.bodyBytes)
            stream.gathered = []
            run(stream)
        }
    }

    func bodyWanted(_ stream: HTTP2Stream) {
        guard streams[stream.id] === stream else { return }
        sendContinue(stream)
        if stream.withheld > 0 {
            session?.consume(stream.id, stream.withheld)
            stream.withheld = 0
            stream.activeIn = LoopClock.now()
        }
        send()
    }

    /// Tells a client that waits for it to send the body; not one that has begun already.
    private func sendContinue(_ stream: HTTP2Stream) {
        guard stream.awaitsContinue, stream.received == 0, stream.status == nil else { return }
        stream.awaitsContinue = false
        inform(stream, .continue, HTTPHeaders())
    }

    func streamClosed(_ id: Int32, _ code: HTTP2ErrorCode) {
        if head?.stream == id { head = nil }
        guard let stream = streams.removeValue(forKey: id) else { return }
        if stream.withheld > 0 { session?.consumeConnection(stream.withheld) }
        if stream.writer != nil { writers -= 1 }
        if !stream.responseEnded {
            core.counters.resets.add(1, ordering: .relaxed)
            stream.abandon(MonoflowError(.cancelled, "read body", "", "the client has reset the stream"))
        } else {
            stream.stream?.end(Self.answered)
            stream.writer?.close()
        }
        if !stream.responseEnded { record(stream, isComplete: false) }
        idleSince = LoopClock.now()
    }

    static var answered: MonoflowError { MonoflowError(.cancelled, "read body", "", "the request has been answered") }

    func record(_ stream: HTTP2Stream, isComplete: Bool) {
        core.record(stream, bytesOut: stream.sent, isComplete: isComplete)
    }

    func frameReceived(type: UInt8, length: Int, flags: UInt8) { flood.frame(type: type, length: length) }

    func goneAway(last: Int32, _ code: HTTP2ErrorCode) {}
}
