import Access
import Artifacts
import Core
import HTTP
import Logging
import Namespaces
import Pipelines
import Resources
import Serving
import Tasks

/// What the routes speak to. Made once by the assembly.
public struct APIServices: Sendable {
    public var access: AccessService
    public var pipelines: PipelineService
    public var experiments: ExperimentService
    public var runs: RunService
    public var artifacts: ArtifactService
    public var blobs: BlobStore
    public var models: ModelService
    public var resources: ResourceService
    public var namespaces: NamespaceService
    /// Log file of a task.
    public var logPath: @Sendable (String) -> String
    /// Removes what is left of a deleted task.
    public var removeTask: @Sendable (String) -> Void
    /// `GET /api/system`.
    public var system: @Sendable () -> JSON
    /// Whether requests may be taken: nil, or the reason why not.
    public var notReady: @Sendable () -> String?
    /// `GET /metrics` in Prometheus' text form.
    public var metrics: @Sendable () async -> String
    /// Starts a further process beside a task's own.
    public var openSession: @Sendable (_ taskID: String, SessionRequest) async throws -> any TaskSession = { taskID, _ in
        throw MonoflowError(.unimplemented, "open session", taskID, "this server starts no further processes in a task")
    }
    public var signIn = SignInServices()
    public var log = Logger(label: "monoflow.api")

    public init(
        access: AccessService, pipelines: PipelineService, experiments: ExperimentService, runs: RunService, artifacts: ArtifactService, blobs: BlobStore,
        models: ModelService, resources: ResourceService, namespaces: NamespaceService, logPath: @escaping @Sendable (String) -> String, removeTask: @escaping @Sendable (String) -> Void,
        system: @escaping @Sendable () -> JSON, notReady: @escaping @Sendable () -> String?, metrics: @escaping @Sendable () async -> String
    ) {
        self.access = access
        self.pipelines = pipelines
        self.experiments = experiments
        self.runs = runs
        self.artifacts = artifacts
        self.blobs = blobs
        self.models = models
        self.resources = resources
        self.namespaces = namespaces
        self.logPath = logPath
        self.removeTask = removeTask
        self.system = system
        self.notReady = notReady
        self.metrics = metrics
    }
}
