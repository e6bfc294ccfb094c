import Core
import HTTP
import Resources
import Tasks

/// `pods/NAME/exec`, as `kubectl exec` asks for it by WebSocket.
struct PodExecRoutes: Sendable {
    /// Newer first; the newest one alone has a word for the end of input.
    static let subprotocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

    let resources: ResourceService
    let open: @Sendable (_ taskID: String, SessionRequest) async throws -> any TaskSession

    func exec(_ request: HTTPRequest, _ target: KubernetesTarget) async throws -> HTTPResponse {
        let pod = try await runningPod(request, target, "exec"), name = target.name ?? ""
        guard WebSocket.isAsked(request) else { throw Self.withoutWebSocket(request, "exec", name) }
        let asked = try Self.read(request, name)
        let session: any TaskSession
        do { session = try await open(pod.uid, asked) } catch let error as MonoflowError where error.code == .failedPrecondition {
            throw MonoflowError(.invalidArgument, "exec", name, "pod \(name) is not running: \(error.message)")
        }
        let response = WebSocket.accept(request, subprotocols: Self.subprotocols) { socket in
            try await PodExecStream(socket: socket, session: session, request: asked).run()
        }
        if response.status != .switchingProtocols { session.close() }
        return response
    }

    /// What is not spoken, told after all that would be wrong anyway.
    func refuse(_ subresource: String, _ request: HTTPRequest, _ target: KubernetesTarget) async throws -> HTTPResponse {
        _ = try await runningPod(request, target, subresource)
        let instead = subresource == "attach" ? "; kubectl logs --follow shows what it writes, kubectl exec starts a further process" : ""
        throw MonoflowError(.unimplemented, subresource, target.name ?? "", "\(subresource) is not supported\(instead)")
    }

    private func runningPod(_ request: HTTPRequest, _ target: KubernetesTarget, _ operation: String) async throws -> (uid: String, document: JSON) {
        let kind = try target.known(), name = target.name ?? "", namespace = target.namespace ?? ""
        guard kind.key == "pods" else { throw MonoflowError(.notFound, "find kind", "", "the server could not find the requested resource") }
        // As in Kubernetes: whoever may make pods in a namespace may also run commands in them.
        try KubernetesAccess.check(try request.caller(), .create, kind.definition, namespace: namespace, name: name)
        let stored = try await resources.get(kind, namespace: namespace, name: name), pod = try JSONParser.parse(stored.document)
        let container = pod["spec"]?["containers"]?[0]?["name"]?.stringValue ?? "", phase = pod["status"]?["phase"]?.stringValue ?? "Pending"
        if let asked = request.query("container"), !asked.isEmpty, asked != container {
            throw MonoflowError(.invalidArgument, operation, name, "container \(asked) is not valid for pod \(name)")
        }
        if ["Succeeded", "Failed"].contains(phase) {
            throw MonoflowError(.invalidArgument, operation, name, "cannot \(operation) into a container in a completed pod; current phase is \(phase)")
        }
        guard phase == "Running" else { throw MonoflowError(.invalidArgument, operation, name, "pod \(name) is not running yet; current phase is \(phase)") }
        return (stored.uid, pod)
    }

    private static func withoutWebSocket(_ request: HTTPRequest, _ operation: String, _ name: String) -> MonoflowError {
        guard request.headers.contains("Upgrade") else { return MonoflowError(.invalidArgument, operation, name, "Upgrade request required") }
        return MonoflowError(
            .invalidArgument, operation, name,
            "\(operation) is spoken by WebSocket, not by SPDY: use kubectl 1.31 or later, or 1.29 and 1.30 with KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true")
    }

    /// - Throws: `invalidArgument`, as Kubernetes: a command, at least one stream, and no errors of their own on a terminal.
    static func read(_ request: HTTPRequest, _ name: String) throws(MonoflowError) -> SessionRequest {
        func refuse(_ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "exec", name, message) }
        let asked = SessionRequest(
            command: request.queryItems.filter { $0.name == "command" }.map(\.value), hasInput: request.flag("stdin"), hasOutput: request.flag("stdout"),
            hasErrors: request.flag("stderr"), hasTerminal: request.flag("tty"))
        guard let program = asked.command.first, !program.isEmpty else { throw refuse("you must specify at least one command for the container") }
        guard asked.hasInput || asked.hasOutput || asked.hasErrors else { throw refuse("you must specify at least 1 of stdin, stdout, stderr") }
        guard !asked.hasTerminal || !asked.hasErrors else { throw refuse("tty and stderr cannot both be true") }
        return asked
    }
}
