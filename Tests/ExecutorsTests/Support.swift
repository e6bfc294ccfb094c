import Artifacts
import Core
import Foundation
import Logging
import Processes
import Tasks
import Testing

@testable import Executors

/// One data directory with a process executor over it, removed at the end.
final class Workbench: Sendable {
    let data: String
    let blobs: BlobStore
    let executor: ProcessExecutor

    init(_ level: IsolationLevel? = nil, environments: String? = nil, data existing: String? = nil, network: StepNetwork = .host) async throws {
        let data = existing ?? "/tmp/monoflow-tests-" + Identifiers.random()
        self.data = data
        try Files.makeDirectory(data)
        var file: String?
        if let environments {
            file = data + "/environments.yaml"
            try Files.writeAtomically(Array(environments.utf8), to: data + "/environments.yaml")
        }
        blobs = try BlobStore(root: data + "/artifacts")
        executor = try await Self.open(data: data, level: level, file: file, blobs: blobs, network: network)
    }

    deinit {
        // The executor may be emptying its trash meanwhile, and a file that is gone already ends the removal.
        for _ in 0..<10 where Files.exists(data) { try? FileManager.default.removeItem(atPath: data) }
    }

    /// A further executor over the same directory, as a restarted server has it.
    func restarted() async throws -> ProcessExecutor {
        try await Self.open(data: data, level: executor.mode.level, file: executor.options.environmentsFile, blobs: blobs, network: executor.options.network)
    }

    private static func open(data: String, level: IsolationLevel?, file: String?, blobs: BlobStore, network: StepNetwork) async throws -> ProcessExecutor {
        var options = ProcessExecutorOptions(
            dataDirectory: data, stepProgram: stepProgram, environmentsFile: file, allowWeakIsolation: level == IsolationLevel.none)
        options.strongestIsolation = level
        options.network = network
        return try await ProcessExecutor.open(options, blobs: blobs, logger: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Built beside the test bundle.
    static let stepProgram: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (own as NSString).deletingLastPathComponent + "/monoflow-step"
    }()

    func task(_ script: String, id: String = Identifiers.random(), namespace: String = "default", _ change: (inout TaskSpec) -> Void = { _ in }) -> TaskLaunch {
        var spec = TaskSpec(image: "alpine", command: ["sh", "-c", script], graceSeconds: 1)
        change(&spec)
        return TaskLaunch(id: id, namespace: namespace, spec: spec)
    }

    /// Prepares, starts and waits.
    @discardableResult
    func run(_ task: TaskLaunch) async throws -> TaskExit {
        try await executor.prepare(task)
        return await executor.wait(try await executor.start(task))
    }

    func log(_ task: TaskLaunch) -> String {
        (try? Files.read(executor.logPath(taskID: task.id))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// A named pipe at `/signal` in the task's root: the task tells by it how far it is. After `prepare`.
    func makeSignal(_ task: TaskLaunch) throws {
        let path = "\(data)/tasks/\(task.id)/root/signal"
        try #require(mkfifo(path, 0o666) == 0)
        chmod(path, 0o666)
    }

    /// Returns what the task wrote into its signal until it closed it.
    func signal(_ task: TaskLaunch) async throws -> String {
        let path = "\(data)/tasks/\(task.id)/root/signal"
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { String(decoding: try Files.read(path), as: UTF8.self).trimmingCharacters(in: .newlines) })
            }
        }
    }

    private static var hasLandlock: Bool { (try? Command([stepProgram, "init", "--read", "/", "--", "/bin/true"]).run().status) == 0 }

    /// The levels that work on this machine; the others are printed with the reason.
    static let levels: [IsolationLevel] = {
        var found: [IsolationLevel] = []
        let hasBubblewrap = ["/usr/bin/bwrap", "/usr/local/bin/bwrap"].contains(where: Files.exists)
        for level in IsolationLevel.allCases {
            let isSandbox = level == .sandboxWithUserPerNamespace || level == .sandbox
            if isSandbox && !hasBubblewrap {
                print("skipped: isolation \(level.rawValue), because bubblewrap is not installed")
            } else if (level == .sandboxWithUserPerNamespace || level == .restricted) && geteuid() != 0 {
                print("skipped: isolation \(level.rawValue), because this is not root")
            } else if level == .restricted && !hasLandlock {
                print("skipped: isolation \(level.rawValue), because the kernel has no Landlock")
            } else {
                found.append(level)
            }
        }
        return found
    }()

    static let sandboxed = levels.filter { $0 == .sandboxWithUserPerNamespace || $0 == .sandbox }
    static let asRoot = levels.filter { $0 == .sandboxWithUserPerNamespace }

    static let isOnline: Bool = {
        let offline = ProcessInfo.processInfo.environment["MONOFLOW_TESTS_OFFLINE"] != nil
        if offline { print("skipped: builds of environments, because MONOFLOW_TESTS_OFFLINE is set") }
        return !offline
    }()
}

extension Workbench {
    static func blobs(_ data: String) throws -> BlobStore { try BlobStore(root: data + "/artifacts") }
}
