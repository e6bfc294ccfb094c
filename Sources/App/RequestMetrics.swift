import HTTP

/// Requests by route and status, and how long they took.
struct RequestMetrics: Sendable {
    private struct Key: Hashable {
        var route: String
        var status: Int
    }
    private static let bounds: [Double] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]

    private var counts: [Key: Int] = [:]
    private var buckets = [Int](repeating: 0, count: bounds.count + 1)
    private var seconds = 0.0

    /// Routes are the patterns, so the number of keys has a bound.
    mutating func add(_ record: HTTPExchangeRecord) {
        counts[Key(route: record.request.route ?? "", status: record.status.code), default: 0] += 1
        let parts = record.duration.components
        let taken = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        seconds += taken
        buckets[Self.bounds.firstIndex { taken <= $0 } ?? Self.bounds.count] += 1
    }

    func write(into text: inout MetricsText) {
        let rows = counts.map { ("{route=\"\($0.key.route)\",status=\"\($0.key.status)\"}", Double($0.value)) }.sorted { $0.0 < $1.0 }
        text.add("monoflow_http_requests_total", "counter", "Requests answered.", rows)
        var total = 0
        var histogram: [(String, Double)] = []
        for (index, bound) in Self.bounds.enumerated() {
            total += buckets[index]
            histogram.append(("_bucket{le=\"\(bound)\"}", Double(total)))
        }
        total += buckets[Self.bounds.count]
        histogram += [("_bucket{le=\"+Inf\"}", Double(total)), ("_sum", seconds), ("_count", Double(total))]
        text.add("monoflow_http_request_duration_seconds", "histogram", "Time from a request's head to the end of its response.", histogram)
    }
}

/// Prometheus' text form.
struct MetricsText: Sendable {
    private(set) var text = ""

    /// - Parameter rows: what follows the name (labels, suffix), and the value.
    mutating func add(_ name: String, _ type: String, _ help: String, _ rows: [(String, Double)]) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for (suffix, value) in rows { text += "\(name)\(suffix) \(value.rounded() == value && abs(value) < 1e15 ? String(Int64(value)) : String(value))\n" }
    }
}
