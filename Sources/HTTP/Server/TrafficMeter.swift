import Sockets

/// Hands a connection's bytes on to the server's counters as they grow.
struct TrafficMeter {
    private var received: Int64 = 0
    private var sent: Int64 = 0

    mutating func count(_ connection: Connection, _ counters: LiveCounters) {
        if connection.received != received { counters.bytesIn.add(connection.received - received, ordering: .relaxed) }
        if connection.sent != sent { counters.bytesOut.add(connection.sent - sent, ordering: .relaxed) }
        (received, sent) = (connection.received, connection.sent)
    }
}
