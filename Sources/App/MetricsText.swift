import Core
import Foundation
import HTTP

/// Prometheus' text form.
struct MetricsText: Sendable {
    private(set) var text = ""

    /// - Parameter rows: what follows the name (labels, suffix), and the value.
    mutating func add(_ name: String, _ type: String, _ help: String, _ rows: [(String, Double)]) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for (suffix, value) in rows { text += "\(name)\(suffix) \(value.rounded() == value && abs(value) < 1e15 ? String(Int64(value)) : String(value))\n" }
    }

    mutating func add(_ name: String, _ type: String, _ help: String, _ value: Double) { add(name, type, help, [("", value)]) }

    /// Connections, refusals and bytes of the HTTP server.
    mutating func add(_ http: HTTPCounters) {
        add("monoflow_http_connections", "gauge", "Open connections.", Double(http.connectionsOpen))
        add("monoflow_http_connections_total", "counter", "Connections accepted.", Double(http.connectionsTotal))
        add("monoflow_http_connections_refused_total", "counter", "Connections closed at once, because their client had too many.", Double(http.connectionsRefused))
        add("monoflow_http_refused_requests_total", "counter", "Requests refused before a handler: malformed, over a limit, too slow.", Double(http.refusals))
        add("monoflow_http_stream_resets_total", "counter", "HTTP/2 streams that ended before their response did.", Double(http.resets))
        add("monoflow_http_floods_total", "counter", "HTTP/2 connections closed for frames that ask for nothing.", Double(http.floods))
        add("monoflow_http_received_bytes_total", "counter", "Bytes received.", Double(http.bytesIn))
        add("monoflow_http_sent_bytes_total", "counter", "Bytes sent.", Double(http.bytesOut))
    }

    /// What Prometheus' client libraries tell of every process.
    mutating func addProcess(startedAt: Timestamp) {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        add("process_resident_memory_bytes", "gauge", "Resident memory.", Double(pages * Int(getpagesize())))
        var usage = rusage(), limit = rlimit()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let micros = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
        add("process_cpu_seconds_total", "counter", "User and system time.", Double(micros) / 1e6)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        add("process_max_fds", "gauge", "Most open descriptors.", Double(limit.rlim_cur))
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        add("process_open_fds", "gauge", "Open descriptors.", Double(open))
        add("process_start_time_seconds", "gauge", "Start, in seconds since 1970.", Double(startedAt.milliseconds) / 1000)
    }
}
