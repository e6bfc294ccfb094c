import Core
import HTTP
import Resources

/// The Kubernetes-style API of declared objects, as `kubectl` and the Kubernetes clients of other languages use it.
struct KubernetesRoutes: Sendable {
    let resources: ResourceService
    let reads: KubernetesReads
    let writes: KubernetesWrites
    let watches: KubernetesWatches
    let logs: PodLogRoutes
    let sessions: PodExecRoutes
    let discovery: KubernetesDiscovery
    let openAPI: OpenAPIRoutes

    init(services: APIServices, version: String) {
        resources = services.resources
        reads = KubernetesReads(resources: services.resources, access: services.access)
        writes = KubernetesWrites(resources: services.resources, registration: services.namespaces.registration)
        watches = KubernetesWatches(resources: services.resources, reads: reads)
        logs = PodLogRoutes(resources: services.resources, logPath: services.logPath)
        sessions = PodExecRoutes(resources: services.resources, open: services.openSession)
        openAPI = OpenAPIRoutes(kinds: services.resources.kinds, version: version)
        discovery = KubernetesDiscovery(kinds: services.resources.kinds, version: version)
    }

    func add(to router: inout Router) {
        discovery.add(to: &router)
        openAPI.add(to: &router)
        AccessReviewRoutes(kinds: resources.kinds).add(to: &router)
        AccountTokenRoutes(access: reads.access).add(to: &router)
        for shape in KubernetesPaths.collections {
            on(.get, shape, &router) { request, target in
                if request.flag("watch") { return try await watches.watch(request, target) }
                return try await reads.list(request, target)
            }
            on(.post, shape, &router) { request, target in try await writes.create(request, target) }
            on(.delete, shape, &router) { request, target in try await writes.deleteMany(request, target) }
        }
        for shape in KubernetesPaths.objects {
            on(.get, shape, &router) { request, target in
                if request.flag("watch") { return try await watches.watch(request, target) }
                return try await reads.get(request, target)
            }
            on(.put, shape, &router) { request, target in try await writes.replace(request, target, nil) }
            on(.patch, shape, &router) { request, target in try await writes.patch(request, target, nil) }
            on(.delete, shape, &router) { request, target in try await writes.delete(request, target) }
        }
        addNamespaceStatus(to: &router)
        for shape in KubernetesPaths.statuses {
            on(.get, shape, &router) { request, target in try await reads.get(request, target, .status) }
            on(.put, shape, &router) { request, target in try await writes.replace(request, target, .status) }
            on(.patch, shape, &router) { request, target in try await writes.patch(request, target, .status) }
        }
        on(.get, KubernetesPaths.ofPods("log"), &router) { request, target in try await logs.log(request, target) }
        // Clients of WebSockets ask by GET, those of SPDY by POST.
        for method in [HTTPMethod.get, .post] {
            on(method, KubernetesPaths.ofPods("exec"), tags: [Auditing.writingTag], &router) { request, target in try await sessions.exec(request, target) }
            for subresource in ["attach", "portforward"] {
                on(method, KubernetesPaths.ofPods(subresource), tags: [Auditing.writingTag], &router) { request, target in
                    try await sessions.refuse(subresource, request, target)
                }
            }
        }
    }

    private func addNamespaceStatus(to router: inout Router) {
        router.on(.get, KubernetesPaths.namespaceStatus) { request in
            let target = KubernetesTarget(namespace: try request.parameter("name"), resources.kinds.current)
            do { return try await reads.get(request, target, .status) } catch { return KubernetesStatus.response(error, target) }
        }
    }

    private func on(
        _ method: HTTPMethod, _ shape: KubernetesPaths.Shape, tags: Set<String> = [], _ router: inout Router,
        _ handler: @escaping @Sendable (HTTPRequest, KubernetesTarget) async throws -> HTTPResponse
    ) {
        router.on(method, shape.pattern, tags: tags) { request in
            let target = try KubernetesTarget(request, shape, resources.kinds.current)
            do { return try await handler(request, target) } catch {
                guard KubernetesPaths.isOurs(request.rawPath) else { throw error }
                return KubernetesStatus.response(error, target)
            }
        }
    }
}

extension HTTPRequest {
    /// A query item that is on: there, and neither `0` nor `false`, in whatever case; Python's clients write `False`.
    func flag(_ name: String) -> Bool {
        guard let value = query(name) else { return false }
        return value != "0" && value.lowercased() != "false"
    }
}
