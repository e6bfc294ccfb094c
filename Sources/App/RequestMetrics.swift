import Foundation
import HTTP
import Synchronization

/// Requests by route and status, how long they took, and their bytes. Each route has a cell of its own, so that the event loops
/// seldom meet.
final class RequestMetrics: Sendable {
    /// Upper bounds of the latency histogram, in seconds.
    static let bounds: [Double] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private struct Numbers {
        var statuses: [(code: Int, count: Int)] = []
        var buckets = [Int](repeating: 0, count: bounds.count + 1)
        var seconds = 0.0
        var bytes: Int64 = 0
        var incomplete = 0
    }

    private final class Cell: Sendable {
        let method: String
        let route: String
        let numbers = Mutex(Numbers())

        init(_ method: String, _ route: String) { (self.method, self.route) = (method, route) }
    }

    private let cells: [Cell]
    /// What no route matched: the dashboard's files, and what is not there.
    private let other = Cell("", "")
    private let versions: [Atomic64] = (0..<3).map { _ in Atomic64() }

    private final class Atomic64: Sendable {
        let value = Atomic(0)
    }

    /// - Parameter routes: as the server's router lists them.
    init(_ routes: [Route]) { cells = routes.map { Cell($0.method.rawValue, $0.pattern) } }

    func add(_ record: HTTPExchangeRecord) {
        let index = record.request.routeIndex
        let cell = index.flatMap { cells.indices.contains($0) ? cells[$0] : nil } ?? other
        let parts = record.duration.components
        let taken = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        cell.numbers.withLock { numbers in
            let code = record.status.code
            if let at = numbers.statuses.firstIndex(where: { $0.code == code }) { numbers.statuses[at].count += 1 } else { numbers.statuses.append((code, 1)) }
            numbers.buckets[Self.bounds.firstIndex { taken <= $0 } ?? Self.bounds.count] += 1
            numbers.seconds += taken
            numbers.bytes += record.bytesOut
            if !record.isComplete { numbers.incomplete += 1 }
        }
        versions[record.request.version == .http2 ? 2 : record.request.version == .http11 ? 1 : 0].value.add(1, ordering: .relaxed)
    }

    /// Routes that were never asked for are left out.
    func write(into text: inout MetricsText) {
        var requests: [(String, Double)] = [], bytes: [(String, Double)] = [], histogram: [(String, Double)] = [], incomplete: [(String, Double)] = []
        for cell in cells + [other] {
            let numbers = cell.numbers.withLock { $0 }
            if numbers.statuses.isEmpty { continue }
            let labels = "method=\"\(cell.method)\",route=\"\(cell.route)\""
            for (code, count) in numbers.statuses.sorted(by: { $0.code < $1.code }) { requests.append(("{\(labels),status=\"\(code)\"}", Double(count))) }
            bytes.append(("{\(labels)}", Double(numbers.bytes)))
            if numbers.incomplete > 0 { incomplete.append(("{\(labels)}", Double(numbers.incomplete))) }
            var total = 0
            for (index, bound) in Self.bounds.enumerated() {
                total += numbers.buckets[index]
                histogram.append(("_bucket{\(labels),le=\"\(bound)\"}", Double(total)))
            }
            total += numbers.buckets[Self.bounds.count]
            histogram += [("_bucket{\(labels),le=\"+Inf\"}", Double(total)), ("_sum{\(labels)}", numbers.seconds), ("_count{\(labels)}", Double(total))]
        }
        text.add("monoflow_http_requests_total", "counter", "Requests answered, by route and status.", requests)
        text.add("monoflow_http_request_duration_seconds", "histogram", "Time from a request's head to the end of its response.", histogram)
        text.add("monoflow_http_response_bytes_total", "counter", "Bytes of responses, heads included.", bytes)
        text.add("monoflow_http_incomplete_responses_total", "counter", "Responses cut short by either side.", incomplete)
        text.add("monoflow_http_requests_by_version_total", "counter", "Requests by version of the protocol.", zip(["1.0", "1.1", "2"], versions).map {
            ("{version=\"\($0)\"}", Double($1.value.load(ordering: .relaxed)))
        })
    }
}
