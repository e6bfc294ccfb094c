import Access
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
    let audit: AuditLog
    let executor: ProcessExecutor
    let engine: TaskEngine
    let runtime: InferenceRuntime
    let state: ServerState

    func json() -> JSON {
        let has = executor.capabilities(), network = executor.network
        var inference: JSON = ["ready": false, "message": .string(runtime.message)]
        if case .ready(let version) = runtime.state {
            inference["ready"] = true
            inference["version"] = .string(version)
            inference["providers"] = ["CPUExecutionProvider"]
        }
        let tls = state.tls.map { JSON.make(["url": .string($0.url), "ca": $0.authority.map { .string($0) }]) }
        return .make([
            "version": .string(version), "started_at": .string(startedAt.rfc3339(milliseconds: true)),
            "isolation": [
                "level": .string(has.isolation.rawValue), "summary": .string(has.isolation.summary),
                "network": [
                    "kind": .string(network.kind.rawValue), "egress": .bool(network.kind == .host || network.hasEgress),
                    "can_separate": .bool(network.canSeparate), "summary": .string(network.summary),
                ],
                "notes": .array(executor.isolationNotes.map { .string($0) }),
            ],
            "resource_control": [
                "cgroup_version": has.control.cgroupVersion.map { JSON.int(Int64($0)) } ?? JSON.null, "cpu_weights": .bool(has.control.cpuWeights),
                "cpu_limits": .bool(has.control.cpuLimits), "memory_limits": .bool(has.control.memoryLimits),
            ],
            "executor": [
                "name": .string(executor.name), "cpu_millis": .int(Int64(has.cpuMillis)), "memory_bytes": .int(has.memoryBytes), "gpus": .int(Int64(has.gpus)),
            ],
            "inference": inference, "tls": tls,
        ])
    }

    func metrics() async -> String {
        let tasks = await engine.counts
        var text = MetricsText()
        if let counters = state.counters { text.add(counters()) }
        text.add("monoflow_tasks", "gauge", "Tasks by state.", [("{state=\"waiting\"}", Double(tasks.waiting)), ("{state=\"admitted\"}", Double(tasks.admitted))])
        text.add("monoflow_audit_dropped_total", "counter", "Entries of the audit log that were lost.", Double(audit.dropped))
        text.addProcess(startedAt: startedAt)
        state.requests?.write(into: &text)
        return text.text
    }
}
