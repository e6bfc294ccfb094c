import Core
import Executors
import Foundation
import HTTP
import Inference
import Tasks

/// What the server says of itself: `/api/system` and `/metrics`.
struct SystemFacts: Sendable {
    let version: String
    let startedAt: Timestamp
    let executor: ProcessExecutor
    let engine: TaskEngine
    let runtime: InferenceRuntime
    let state: ServerState

    func json() -> JSON {
        let has = executor.capabilities()
        var inference: JSON = ["ready": false, "message": .string(runtime.message)]
        if case .ready(let version) = runtime.state {
            inference["ready"] = true
            inference["version"] = .string(version)
            inference["providers"] = ["CPUExecutionProvider"]
        }
        return [
            "version": .string(version), "started_at": .string(startedAt.rfc3339(milliseconds: true)),
            "isolation": ["level": .string(has.isolation.rawValue), "summary": .string(has.isolation.summary)],
            "executor": [
                "name": .string(executor.name), "cpu_millis": .int(Int64(has.cpuMillis)), "memory_bytes": .int(has.memoryBytes), "gpus": .int(Int64(has.gpus)),
            ],
            "inference": inference,
        ]
    }

    func metrics() async -> String {
        let http = state.counters?(), tasks = await engine.counts
        var text = MetricsText()
        text.add("monoflow_http_connections", "gauge", "Open connections.", [("", Double(http?.connectionsOpen ?? 0))])
        text.add("monoflow_http_connections_total", "counter", "Connections accepted.", [("", Double(http?.connectionsTotal ?? 0))])
        text.add("monoflow_http_received_bytes_total", "counter", "Bytes received.", [("", Double(http?.bytesIn ?? 0))])
        text.add("monoflow_http_sent_bytes_total", "counter", "Bytes sent.", [("", Double(http?.bytesOut ?? 0))])
        text.add("monoflow_tasks", "gauge", "Tasks by state.", [("{state=\"waiting\"}", Double(tasks.waiting)), ("{state=\"admitted\"}", Double(tasks.admitted))])
        text.add("process_resident_memory_bytes", "gauge", "Resident memory.", [("", Double(Self.residentBytes()))])
        state.requests.write(into: &text)
        return text.text
    }

    private static func residentBytes() -> Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(getpagesize())
    }
}
