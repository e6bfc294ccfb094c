import Sockets

// What follows every event: sending, back-pressure, time limits.
extension HTTP1Connection {
    /// Sends what is queued and sets bounds and timers to the phase reached. Ends every entry from outside.
    func settle() {
        connection.flush()
        while case .congested = phase, !isCongested, !connection.isClosed {
            phase = .head
            processInbox()
            connection.flush()
        }
        traffic.count(connection, core.counters)
        if connection.isClosed { return }
        if inputEnded || isDraining, case .head = phase, inbox.isEmpty { return closeIdle() }
        if wantsInput { connection.resumeReading() } else { connection.pauseReading() }
        if connection.isDrained {
            writeTimer?.unset()
        } else if writeTimer?.isSet == false {
            writeTimer?.set(afterMilliseconds: core.timeouts.write)
        }
        setReadTimer()
    }

    /// For entries that may have ended an exchange: goes on with what the client has sent ahead.
    func proceed() {
        processInbox()
        settle()
    }

    private var wantsInput: Bool {
        switch phase {
        case .head, .skipping, .closing, .handedOver: true
        case .body(let exchange), .tunnel(let exchange): exchange.stream?.isFull != true
        case .responding, .congested: inbox.count <= core.limits.pipelinedBytes
        }
    }

    var isCongested: Bool { connection.queuedBytes > Self.outputHighWater || connection.hasQueuedFile }

    private func setReadTimer() {
        var isInsideHead = false
        switch phase {
        case .head where inbox.isEmpty: readTimer?.set(afterMilliseconds: core.timeouts.idle)
        case .head:
            // Counted from the first byte: later ones must not put it off.
            if !headTimerRuns { readTimer?.set(afterMilliseconds: core.timeouts.header) }
            isInsideHead = true
        case .body, .skipping: readTimer?.set(afterMilliseconds: core.timeouts.body)
        case .responding, .tunnel, .congested, .closing, .handedOver: readTimer?.unset()
        }
        headTimerRuns = isInsideHead
    }

    func readTimedOut() {
        switch phase {
        case .head where inbox.isEmpty: closeIdle()
        case .head: refuse(RequestRefusal(.requestTimeout, "the request's head took too long"))
        case .body(let exchange):
            // A reader that holds the socket back is not the client's fault.
            if exchange.stream?.isFull == true { return setReadTimer() }
            refuse(RequestRefusal(.requestTimeout, "the request's body took too long"))
        case .skipping: connection.close()
        case .responding, .tunnel, .congested, .closing, .handedOver: return
        }
        settle()
    }

    func closeIdle() {
        phase = .closing
        connection.closeAfterFlush(linger: .zero)
    }

    /// Finishes what is in flight and takes no new request.
    func drain() {
        if let successor { return successor.drain() }
        isDraining = true
        if case .body(let exchange) = phase { exchange.keepAlive = false }
        if case .responding(let exchange) = phase { exchange.keepAlive = false }
        settle()
    }
}
