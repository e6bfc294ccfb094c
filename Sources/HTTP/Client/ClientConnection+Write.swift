import Core
import Sockets

// Sending requests, back-pressure, time limits.
extension ClientConnection {
    /// The head is queued; so is what is here of the body, and the rest is asked for.
    func sendBody(_ exchange: ClientExchange) {
        exchange.sending = .done
        switch exchange.request.body {
        case .none: break
        case .bytes(let bytes): connection.write(bytes)
        case .file(let file, let part):
            let part = part ?? 0..<file.size
            connection.write(file: file.descriptor, offset: part.lowerBound, count: part.upperBound - part.lowerBound, owner: file)
        case .stream(let length, let write):
            exchange.sending = .body
            exchange.owed = length
            let target = ClientExchangeReference(self, exchange)
            let writer = ResponseWriter(wake: { target.onLoop { $0.pump($1) } }, gone: exchange.error(.cancelled, "the request is over"))
            exchange.writer = writer
            exchange.writerTask = Task {
                do {
                    try await write(writer)
                    target.onLoop { $0.endBody($1) }
                } catch {
                    target.onLoop { connection, exchange in connection.bodyFailed(exchange, error) }
                }
            }
        }
    }

    func continueBody(_ exchange: ClientExchange) {
        guard case .waiting = exchange.sending else { return }
        readTimer?.unset()
        sendBody(exchange)
    }

    /// Moves what the body's task has written to the connection: one chunk for all of it.
    private func pump(_ exchange: ClientExchange) {
        guard let writer = exchange.writer, case .body = exchange.sending else { return }
        let pieces = writer.take()
        let count = pieces.reduce(0) { $0 + $1.count }
        if count > 0 {
            if let owed = exchange.owed {
                guard count <= owed else { return cut(.invalidArgument, "the request's body is longer than its announced length") }
                exchange.owed = owed - Int64(count)
            } else {
                connection.write { ResponseEncoder.appendChunkSize(count, &$0) }
            }
            for piece in pieces { connection.write(piece) }
            if exchange.owed == nil { connection.write { ResponseEncoder.append("\r\n", &$0) } }
            // The server can answer before the task that writes the body has returned.
            if exchange.owed == 0 { exchange.sending = .done }
        }
        settle()
        writer.drained(queued: connection.queuedBytes)
    }

    private func endBody(_ exchange: ClientExchange) {
        pump(exchange)
        guard isCurrent(exchange), case .body = exchange.sending else { return }
        if let owed = exchange.owed {
            if owed > 0 { return cut(.invalidArgument, "the request's body is \(owed) bytes shorter than announced") }
        } else {
            let trailers = exchange.writer?.takeTrailers()
            connection.write { ResponseEncoder.appendLastChunk(trailers, &$0) }
        }
        exchange.sending = .done
        settle()
    }

    /// Cuts the connection, so that the server does not take the body for whole.
    private func bodyFailed(_ exchange: ClientExchange, _ error: any Error) {
        guard case .body = exchange.sending else { return }
        cut(MonoflowError.wrap(error, "send body", "\(origin)"))
    }

    func pumpRaw(_ exchange: ClientExchange) {
        guard case .raw = phase, let writer = exchange.writer else { return }
        for piece in writer.take() { connection.write(piece) }
        settle()
        writer.drained(queued: connection.queuedBytes)
    }

    func endRaw(_ exchange: ClientExchange) {
        pumpRaw(exchange)
        guard case .raw = phase, !connection.isClosed, !outputEnded else { return }
        outputEnded = true
        connection.endOutput()
        closeRawWhereDone()
    }

    /// Sends what is queued and sets back-pressure and timers to the phase reached. Ends every entry from outside.
    func settle() {
        connection.flush()
        if connection.isClosed { return }
        if exchange?.stream?.isFull == true { connection.pauseReading() } else { connection.resumeReading() }
        if connection.isDrained {
            writeTimer?.unset()
            if case .raw = phase { closeRawWhereDone() }
        } else if writeTimer?.isSet == false, let limit = exchange?.timeouts.write {
            writeTimer?.set(after: limit)
        }
        if !connection.isClosed { setReadTimer() }
    }

    private func setReadTimer() {
        var limit: Duration?
        switch phase {
        case .idle: limit = idleTimeout
        case .head(let exchange):
            switch exchange.sending {
            case .waiting: limit = exchange.timeouts.awaitContinue
            case .body, .givenUp: break
            case .done: limit = connection.isDrained ? exchange.timeouts.head : nil
            }
            // Counted from the end of the request: what comes in between must not put it off.
            if limit != nil && readTimer?.isSet == true { return }
        case .body(let exchange): limit = exchange.stream?.isFull == true ? nil : exchange.timeouts.bodyIdle
        case .raw, .closed: break
        }
        if let limit { readTimer?.set(after: limit) } else { readTimer?.unset() }
    }

    func readTimedOut() {
        switch phase {
        case .idle: connection.close()
        case .head(let exchange):
            if case .waiting = exchange.sending {
                continueBody(exchange)
                return settle()
            }
            cut(.deadlineExceeded, "no response within \(exchange.timeouts.head ?? .zero)")
        case .body(let exchange): cut(.deadlineExceeded, "no byte of the response's body within \(exchange.timeouts.bodyIdle ?? .zero)")
        case .raw, .closed: break
        }
    }
}
