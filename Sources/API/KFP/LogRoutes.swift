import Core
import Foundation
import HTTP
import Pipelines
import Tasks

/// Step logs and artifacts by node id, outside the API definition of KFP but used by its clients.
struct LogRoutes: Sendable {
    let services: APIServices
    let kfp: KFPService

    func add(to router: inout Router) {
        router.on(.get, "/apis/v1alpha1/runs/{run}/nodes/{node}/log") { request in
            let run = try await kfp.run(request.parameter("run"), request.caller(), .read)
            let node = try request.parameter("node")
            guard try await services.runs.node(node, of: run.id) != nil else {
                throw MonoflowError(.notFound, "read log", node, "the run has no such node")
            }
            let follow = request.query("follow") == "true"
            return .stream(type: "text/plain; charset=utf-8") { writer in
                try await LogTail(services: services, run: run.id, node: node).write(to: writer, follow: follow)
            }
        }
        for version in ["v1beta1", "v2beta1"] {
            router.on(.get, "/apis/\(version)/runs/{run}/nodes/{node}/artifacts/{name}:read") { request in
                let run = try await kfp.run(request.parameter("run"), request.caller(), .read)
                let (node, name) = (try request.parameter("node"), try request.parameter("name"))
                let found = try await services.runs.node(node, of: run.id)
                guard let digest = found?.outputArtifacts[name]?.first?.digest else {
                    throw MonoflowError(.notFound, "read artifact", "\(node)/\(name)", "the node has no such output artifact")
                }
                let bytes = try services.blobs.read(digest: digest)
                return .json(["data": .string(Data(bytes).base64EncodedString())])
            }
        }
    }
}

/// The log of a node: its attempts' files one after the other, then what is still written.
struct LogTail: Sendable {
    let services: APIServices
    let run: String
    let node: String

    func write(to writer: ResponseWriter, follow: Bool) async throws {
        var offsets: [String: Int64] = [:]
        // The state is read before the files: what was written before the end is then never missed.
        let changes = services.runs.watch.changes(of: run)
        let ticks = Self.merge(changes)
        for await _ in ticks {
            let ended = try await services.runs.node(node, of: run)?.phase.isTerminal ?? true
            let runEnded = try await services.runs.get(run).state.isTerminal
            for task in try await services.runs.tasks(run: run, node: node) {
                offsets[task.id] = try await copy(services.logPath(task.id), from: offsets[task.id] ?? 0, to: writer)
            }
            if !follow || ended || runEnded { return }
        }
    }

    /// The run's changes, and a look at the files five times a second between them.
    private static func merge(_ changes: AsyncStream<Int>) -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let watcher = Task {
                for await _ in changes { continuation.yield() }
                continuation.finish()
            }
            let timer = Task {
                while !Task.isCancelled {
                    continuation.yield()
                    try? await Task.sleep(for: .milliseconds(200))
                }
            }
            continuation.onTermination = { _ in
                watcher.cancel()
                timer.cancel()
            }
        }
    }

    private func copy(_ path: String, from offset: Int64, to writer: ResponseWriter) async throws -> Int64 {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return offset }
        defer { close(fd) }
        var at = offset
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = pread(fd, &chunk, chunk.count, off_t(at))
            guard count > 0 else { return at }
            try await writer.write(Array(chunk[..<count]))
            at += Int64(count)
        }
    }
}
