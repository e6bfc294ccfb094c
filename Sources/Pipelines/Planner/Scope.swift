import Core

/// Answers placeholders. A task's arguments are read in its dag's scope; a container's text in its own.
struct Scope {
    let graph: WorkflowGraph
    let state: RunState
    /// The dag node around (its inputs answer `input`), or the container's own node.
    let owner: RunNode
    /// The dag node whose children answer `taskOutput`; nil in a container.
    var siblingsOf: String?
    /// The task that an argument is read for, where it is not the owner: it answers `task`.
    var own: RunNode?
    var item: JSON?
    var ownInputs: [String: JSON] = [:]
    var place: String

    private func error(_ message: String) -> MonoflowError { MonoflowError(.failedPrecondition, "start step", place, message) }

    func value(_ expression: Expression) throws -> JSON {
        switch expression {
        case .constant(let value): return value
        case .reference(let reference): return try value(reference)
        case .text(let text): return .string(try self.text(text))
        case .member(let inner, let path):
            var value = try value(inner)
            if let text = value.stringValue { value = try JSONParser.parse(text) }
            for key in path {
                guard let next = key.stringValue.flatMap({ value[$0] }) ?? key.intValue.flatMap({ value[Int($0)] }) else {
                    throw error("the value \(value.text()) has no member \(key.text())")
                }
                value = next
            }
            return value
        }
    }

    func text(_ text: Text) throws -> String {
        var out = ""
        for piece in text.pieces {
            switch piece {
            case .literal(let literal): out += literal
            case .reference(let reference): out += Self.plain(try value(reference))
            }
        }
        return out
    }

    /// The text of a condition. A value inside quotes stays one text, whatever quotes and backslashes it holds.
    func condition(_ text: Text) throws -> String {
        var out = "", quote: Character?
        for piece in text.pieces {
            switch piece {
            case .literal(let literal):
                var isEscaped = false
                for character in literal {
                    if isEscaped { isEscaped = false }
                    else if character == "\\", quote != nil { isEscaped = true }
                    else if character == quote { quote = nil }
                    else if quote == nil, character == "\"" || character == "'" { quote = character }
                }
                out += literal
            case .reference(let reference):
                let plain = Self.plain(try value(reference))
                out += quote.map { plain.replacing("\\", with: "\\\\").replacing(String($0), with: "\\\($0)") } ?? plain
            }
        }
        return out
    }

    /// A value as text: texts as they are, whole numbers without a fraction, the rest as JSON.
    static func plain(_ value: JSON) -> String {
        if let text = value.stringValue { return text }
        if case .double = value, let whole = value.intValue { return String(whole) }
        return value.text()
    }

    func value(_ reference: Reference) throws -> JSON {
        switch reference {
        case .input(let name):
            if let value = Self.input(name, of: owner) { return value }
            throw error("the input \"\(name)\" has no value")
        case .ownInput(let name):
            if let value = ownInputs[name] { return value }
            throw error("the input \"\(name)\" has no value")
        case .workflowParameter(let name):
            if let value = state.facts.parameters[name] { return value }
            throw error("the pipeline's parameter \"\(name)\" has no value")
        case .item:
            guard let item else { throw error("there is no item outside a loop") }
            return item
        case .itemMember(let key):
            guard let value = item?[key] else { throw error("the item has no member \"\(key)\"") }
            return value
        case .taskOutput(let task, let output):
            let producer = try sibling(task)
            if let value = producer.outputs[output] { return value }
            throw error("\"\(task)\" (\(producer.phase.rawValue)) has no output \"\(output)\"")
        case .taskStatus(let task): return .string(ArgoWords.phase(try sibling(task).phase))
        case .taskFinalStatus(let task): return finalStatus(try sibling(task))
        case .workflow(let field): return .string(workflow(field))
        case .task(.name): return .string((own ?? owner).displayName)
        case .task(.uid): return .string((own ?? owner).id)
        // In a dag it is the dag's own attempt, for its tasks' arguments too.
        case .task(.retries): return .string(String(max(owner.attempts - 1, 0)))
        case .inputArtifact, .outputArtifact, .outputFile, .executorInput:
            throw error("a placeholder that only a container knows stands outside one")
        }
    }

    /// A node's input. Where the items of a loop are dicts, kfp 2's compiler also names `INPUT-subvar-KEY`, which nothing
    /// declares: it means that member of the input.
    static func input(_ name: String, of node: RunNode) -> JSON? {
        if let value = node.inputs[name] { return value }
        guard let mark = name.range(of: "-subvar-") else { return nil }
        return node.inputs[String(name[..<mark.lowerBound])]?[String(name[mark.upperBound...])]
    }

    func sibling(_ task: String) throws -> RunNode {
        guard let parent = siblingsOf, let node = state.child(of: parent, task: task) else { throw error("there is no task \"\(task)\" here") }
        return node
    }

    private func finalStatus(_ node: RunNode) -> JSON {
        let state: String =
            switch node.phase {
            case .succeeded: "SUCCEEDED"
            case .cancelled: "CANCELLED"
            case .skipped, .omitted: "SKIPPED"
            default: "FAILED"
            }
        return .make([
            "state": .string(state), "pipelineJobResourceName": .string(workflow(.resourceName)), "pipelineTaskName": .string(node.displayName),
            "error": node.phase == .failed ? ["code": 9, "message": .string(node.message)] : [:],
        ])
    }

    private func workflow(_ field: WorkflowField) -> String {
        switch field {
        case .name: return state.facts.workflowName
        case .uid: return state.facts.id
        case .namespace: return state.facts.namespace
        case .resourceName: return "namespaces/\(state.facts.namespace)/runs/\(state.facts.id)"
        case .pipelineRoot: return RunPaths.root(state.facts)
        case .creationTimestamp, .scheduledTime: return state.facts.createdAt.rfc3339()
        case .serviceAccountName: return "pipeline-runner"
        case .status: return ArgoWords.phase(state.rootID.flatMap { state.nodes[$0]?.phase } ?? .running)
        case .duration:
            let end = state.rootID.flatMap { state.nodes[$0]?.finishedAt } ?? state.facts.createdAt
            return String(Double(end.milliseconds - state.facts.createdAt.milliseconds) / 1000)
        case .failures:
            let failed = state.ordered.filter { $0.phase == .failed && $0.kind == .container }
            return JSON.array(failed.map { ["displayName": .string($0.displayName), "message": .string($0.message), "templateName": .string($0.template), "phase": "Failed", "podName": .string($0.id)] }).text()
        }
    }
}

/// Argo's words for phases, as placeholders and manifests show them.
public enum ArgoWords {
    public static func phase(_ phase: NodePhase) -> String {
        switch phase {
        case .pending: "Pending"
        case .running: "Running"
        case .succeeded: "Succeeded"
        case .failed, .cancelled: "Failed"
        case .skipped: "Skipped"
        case .omitted: "Omitted"
        }
    }
}

/// Where a kfp 2 run's artifacts lie, as its steps see it.
enum RunPaths {
    static func root(_ facts: RunFacts) -> String { "minio://monoflow/v2/artifacts/\(facts.pipelineName)/\(facts.id)" }

    static func output(_ facts: RunFacts, node: RunNode, name: String) -> String { "\(root(facts))/\(node.displayName)/\(node.id)/\(name)" }

    /// The path inside the sandbox of a URI, by the SDK's own mapping; nil for schemes that it does not map.
    static func local(_ uri: String) -> String? {
        for (scheme, prefix) in [("gs://", "/gcs/"), ("minio://", "/minio/"), ("s3://", "/s3/")] where uri.hasPrefix(scheme) {
            return prefix + uri.dropFirst(scheme.count)
        }
        if uri.hasPrefix("oci://") { return "/oci/" + uri.dropFirst(6).replacing("/", with: "_") }
        return uri.hasPrefix("/") ? uri : nil
    }
}
