import Core
import Sockets

// Time limits, and the end of the connection.
extension HTTP2Connection {
    /// Once a second: a stream's limits need no finer clock.
    func tick() {
        let now = LoopClock.now()
        timer?.set(after: .seconds(1))
        if head != nil, now - headSince > core.timeouts.header { return cut("a block of fields took too long") }
        if streams.isEmpty {
            if isDraining || now - idleSince > core.timeouts.idle { finish() }
            return
        }
        for stream in Array(streams.values) {
            if stream.responseEnded {
                // An upload that goes on behind its answer: reset, but not at once, because some clients drop the answer then.
                if now - max(stream.activeIn, stream.activeOut) > 2_000 { session?.reset(stream.id, .none) }
                continue
            }
            if !stream.requestEnded, stream.withheld == 0, stream.status == nil, now - stream.activeIn > core.timeouts.body {
                let refusal = RequestRefusal(.requestTimeout, "the request's body took too long")
                stream.stream?.end(MonoflowError(.deadlineExceeded, "read body", "", refusal.message))
                respond(stream, core.refusal(refusal))
            }
            // The client keeps the window shut.
            if stream.hasOutput, now - stream.activeOut > core.timeouts.write { session?.reset(stream.id, .cancel) }
        }
        send()
    }

    private func cut(_ reason: String) {
        core.counters.refusals.add(1, ordering: .relaxed)
        session?.terminate(.enhanceYourCalm)
        send()
        close()
    }

    func finish() {
        isClosing = true
        session?.goAway(.none)
        send()
        close()
    }

    /// Finishes what is in flight: the first GOAWAY refuses nothing that is on its way already, the second names the last stream.
    func drain() {
        guard !isDraining else { return }
        session?.shutdownNotice()
        send()
        isDraining = true
        if streams.isEmpty { finish() }
    }
}
