import API
import Access
import Artifacts
import Core
import Database
import Executors
import Foundation
import GRPC
import HTTP
import Inference
import Logging
import Namespaces
import Pipelines
import Resources
import Serving
import Sockets
import Synchronization
import Tasks
import Training

/// The assembled server: explicit wiring, ordered start and stop.
public final class Server: Sendable {
    public static let version = "0.1.0"

    /// `http://HOST:PORT` as clients on this machine reach it.
    public let url: String
    /// The same with `https`; nil without TLS.
    public let tlsURL: String?
    /// How steps are isolated, in one line.
    public let isolation: String
    private let options: ServerOptions
    private let directory: DataDirectory
    private let database: MetadataDatabase
    private let audit: AuditLog
    private let engine: TaskEngine
    private let executor: ProcessExecutor
    private let runs: RunService
    private let resources: ResourceService
    private let namespaces: NamespaceService
    private let training: TrainingService
    private let inference: InferenceEngine
    private let http: HTTPServer
    private let accessLog: AccessLog?
    private let loading: Task<Void, Never>
    private let certificates: ServerCertificates?
    private let state: ServerState
    private let logger: Logger

    /// Starts everything, lowest layer first, and returns when requests are answered.
    public static func start(_ options: ServerOptions, logger: Logger) async throws -> Server {
        let state = ServerState()
        let clock = WallClock.system, identifiers = IdentifierSource.random

        // Foundations
        let address = try SocketAddress(options.listen), tlsAddress = try options.tlsListen.map { try SocketAddress($0) }
        if tlsAddress == nil && !options.tlsCertificates.isEmpty {
            throw MonoflowError(.invalidArgument, "read options", "--tls-certificate", "there is no address for TLS", hint: "give --tls-listen HOST:PORT")
        }
        if let images = options.images, !Files.exists(images) { throw MonoflowError(.notFound, "read image table", images, "there is no such file") }
        let dashboard = try StaticFiles(root: options.publicDirectory)
        let group = try EventLoopGroup()
        let directory = try DataDirectory(options.data)
        let database = try MetadataDatabase(directory: directory.path)
        let certificates = try tlsAddress.map {
            try ServerCertificates(given: options.tlsCertificates, directory: directory.path + "/tls", address: $0, clock: clock, logger: logger)
        }
        _ = try Migrator(directory: options.migrations).migrate(database, now: clock.now())

        // Kernel
        let blobs = try BlobStore(root: directory.path + "/artifacts")
        try AdminBootstrap.run(directory: directory.path, database: database, clock: clock, identifiers: identifiers)
        let serverKey = try ServerKey.load(directory: directory.path)
        let serviceTokens = ServiceTokens(key: serverKey), active = ActiveTasks()
        let access = try AccessService(
            database: database, serviceTokens: serviceTokens, clock: clock, identifiers: identifiers, logger: logger, activeTask: active.namespace(of:))
        let resources = try ResourceService(
            database: database, builtIn: ServedKinds.table, keyDirectory: directory.path, clock: clock, identifiers: identifiers, logger: logger)
        var executorOptions = ProcessExecutorOptions(
            dataDirectory: directory.path, stepProgram: options.stepProgram, environmentsFile: options.images, allowWeakIsolation: options.allowWeakIsolation)
        executorOptions.network = options.stepNetwork
        let executor = try await ProcessExecutor.open(executorOptions, blobs: blobs, clock: clock, logger: logger)
        let engine = TaskEngine(
            database: database, executor: executor, maximumTasks: options.maximumTasks ?? max(8, 4 * ProcessInfo.processInfo.activeProcessorCount),
            active: active, clock: clock, logger: logger
        ) { task in
            let settings = access.settings(of: task.namespace) ?? NamespaceSettings(network: false, egress: false)
            return LaunchFacts(
                token: serviceTokens.issue(taskID: task.id, namespace: task.namespace), serverURL: state.url, allowsNetwork: settings.network,
                allowsEgress: settings.egress)
        }

        // Domains
        let artifactIDs = ArtifactIDs(after: try database.readBlocking(ArtifactStore.largestID))
        let experiments = ExperimentService(database: database, clock: clock, identifiers: identifiers)
        let runs = RunService(
            database: database, engine: engine, executorName: executor.name, artifactIDs: artifactIDs, experiments: experiments,
            reuse: ResultReuse(isStored: blobs.contains(digest:), imageIdentity: executor.table.identity(of:)), clock: clock, identifiers: identifiers, logger: logger)
        let machine = executor.capabilities()
        let training = TrainingService(
            database: database, resources: resources, engine: engine, executorName: executor.name,
            capacity: .init(cpuMillis: machine.cpuMillis, memoryBytes: machine.memoryBytes), volumes: ClaimVolumes(executor: executor), clock: clock, logger: logger,
            transform: { pod throws(MonoflowError) in
                let namespace = pod["metadata"]?["namespace"]?.stringValue ?? ""
                let defaults = try database.readBlocking { try resources.documents($0, kind: PodDefaults.kind, namespace: namespace) }
                pod = try PodDefaults.apply(to: pod, defaults: defaults)
            }, removeTask: directory.removeTask)
        await training.register()
        let runtime = InferenceRuntime(
            locator: RuntimeLocator(
                option: options.onnxRuntime, environment: ProcessInfo.processInfo.environment,
                installed: RuntimeInstaller(environments: directory.path + "/environments").directory),
            installer: RuntimeInstaller(environments: directory.path + "/environments"))
        try runtime.openIfPresent()
        let inference = InferenceEngine(runtime: runtime, limits: .init(workers: ProcessInfo.processInfo.activeProcessorCount))
        let models = ModelService(database: database, blobs: blobs, loader: inference, clock: clock, logger: logger)
        try models.restore(repository: options.modelRepository.map(ModelRepository.init(root:)))

        let pipelines = PipelineService(database: database, clock: clock, identifiers: identifiers), artifacts = ArtifactService(database: database)
        let namespaces = NamespaceService(
            access: access, resources: resources, logger: logger, selfRegistration: options.selfRegistration,
            drains: NamespaceDrains.all(
                runs: runs, models: models, pipelines: pipelines, experiments: experiments, artifacts: artifacts, removeTask: directory.removeTask,
                releaseNetwork: executor.releaseNetwork(of:)),
            usage: { await NamespaceQuotas.usage(of: $0, engine: engine, models: models) },
            quotaChanged: { await engine.setQuota(NamespaceQuotas.ofTasks($1), namespace: $0) })
        try await namespaces.install()

        // Edges
        let facts = SystemFacts(
            version: version, startedAt: clock.now(), audit: access.audit, executor: executor, engine: engine, runtime: runtime, state: state)
        var services = APIServices(
            access: access, pipelines: pipelines, experiments: experiments, runs: runs,
            artifacts: artifacts, blobs: blobs, models: models, resources: resources, namespaces: namespaces, logPath: executor.logPath, removeTask: directory.removeTask,
            system: facts.json, notReady: { state.notReady }, metrics: facts.metrics)
        services.signIn = try options.signIn.services(serverKey: serverKey, group: group, clock: clock, logger: logger)
        services.log = logger
        services.openSession = executor.openSession(taskID:_:)
        let router = Routes.make(services, grpc: try GRPCServices.make(health: state.health), dashboard: dashboard, version: version)
        let requests = RequestMetrics(router.allRoutes)
        let accessLog = try options.accessLog.map { path throws(MonoflowError) in try AccessLog(path: path, clock: clock, logger: logger) }
        let http = HTTPServer(
            router: router, group: group, limits: options.limits, log: logger, onError: RateLimitErrors.onError(GRPCRouter.onError(KubernetesErrors.onError(HTTPErrorTable.respond))),
            observer: { record in
                requests.add(record)
                accessLog?.add(record)
            })
        state.requests = requests
        let bound = try http.start(address)
        state.setAddress(bound)
        _ = try http.start(.unix(path: try directory.stepSocket()))
        let tlsBound = try tlsAddress.map { try http.start($0, tls: certificates?.holder) }
        state.counters = { http.counters }

        // What an earlier process left
        resources.start()
        await engine.register(RunService.ownerKind, runs)
        try await runs.recover()
        try await engine.recover()
        await runs.resume()
        executor.discardRoots(except: Set(await engine.taskIDs))
        try await training.start()
        namespaces.start()
        let loading = Task { await models.loadInBackground() }
        certificates?.startRenewal()
        let url = state.url ?? "", tlsURL = tlsBound.flatMap { ServerState.url("https", $0) }
        if let tlsURL {
            let authority = try certificates?.authorityPath.map { try Files.read($0, limit: 64 << 10) }
            state.tls = ServedTLS(url: tlsURL, authority: authority.map { String(decoding: $0, as: UTF8.self) })
        }
        try directory.writeServerFile(url: url, tlsURL: tlsURL, authority: certificates?.authorityPath, version: version)
        state.setReady()
        for note in executor.isolationNotes { logger.notice("isolation: \(note)") }
        return Server(
            url: url, tlsURL: tlsURL, isolation: executor.capabilities().isolation.summary + "; " + executor.network.summary, options: options, directory: directory, database: database, audit: access.audit, engine: engine, executor: executor,
            runs: runs, resources: resources, namespaces: namespaces, training: training, inference: inference, http: http, accessLog: accessLog, loading: loading, certificates: certificates, state: state, logger: logger)
    }

    private init(
        url: String, tlsURL: String?, isolation: String, options: ServerOptions, directory: DataDirectory, database: MetadataDatabase, audit: AuditLog, engine: TaskEngine, executor: ProcessExecutor,
        runs: RunService, resources: ResourceService, namespaces: NamespaceService, training: TrainingService, inference: InferenceEngine, http: HTTPServer, accessLog: AccessLog?, loading: Task<Void, Never>, certificates: ServerCertificates?,
        state: ServerState, logger: Logger
    ) {
        self.url = url
        self.tlsURL = tlsURL
        self.isolation = isolation
        self.options = options
        self.directory = directory
        self.database = database
        self.audit = audit
        self.engine = engine
        self.executor = executor
        self.runs = runs
        self.resources = resources
        self.namespaces = namespaces
        self.training = training
        self.inference = inference
        self.http = http
        self.accessLog = accessLog
        self.loading = loading
        self.certificates = certificates
        self.state = state
        self.logger = logger
    }

    /// Reads the certificates again, and goes on in the file that has the access log's path now. Open connections keep their
    /// certificates; wrong ones leave those before in use.
    public func reload() {
        accessLog?.reopen()
        certificates?.reload()
    }

    /// Stops in the opposite order: no new tasks, requests in flight end, then the database closes. Tasks that run go
    /// on and are taken up by the next start.
    public func stop() async {
        state.setStopping()
        directory.removeServerFile()
        await engine.drain()
        await training.close()
        executor.closeSessions()
        runs.watch.close()
        await namespaces.close()
        await resources.close()
        state.health.close()
        let cut = await http.drain(timeout: options.drainTimeout)
        if cut > 0 { logger.warning("\(cut) connection(s) were cut after the drain time") }
        accessLog?.flush()
        loading.cancel()
        certificates?.stopRenewal()
        inference.shutdown()
        await audit.flush()
        do { try await database.close() } catch { logger.error("\(error)") }
    }
}
