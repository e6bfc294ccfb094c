import Core
import Foundation

/// Argo's `{{…}}` placeholders in text.
enum ArgoText {
    /// - Parameter path: the text's place, for errors.
    static func parse(_ text: String, path: String) throws -> Text {
        var pieces: [Text.Piece] = []
        var rest = Substring(text)
        while let open = rest.range(of: "{{") {
            guard let close = rest[open.upperBound...].range(of: "}}") else { break }
            let name = rest[open.upperBound..<close.lowerBound].trimmingCharacters(in: .whitespaces)
            if open.lowerBound > rest.startIndex { pieces.append(.literal(String(rest[..<open.lowerBound]))) }
            if name.hasPrefix("=") {
                throw MonoflowError(.unimplemented, "read pipeline", path, "the expression {{\(name)}} is not supported yet")
            }
            if let reference = try reference(name, path: path) {
                pieces.append(.reference(reference))
            } else {
                // Not one of Argo's: text for the program itself (Jinja, Go templates), left as it is.
                pieces.append(.literal(String(rest[open.lowerBound..<close.upperBound])))
            }
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty { pieces.append(.literal(String(rest))) }
        return Text(pieces)
    }

    /// Text at a place where no placeholder is filled in.
    /// - Throws: `unimplemented` where it holds one.
    static func literal(_ text: String, path: String) throws -> String {
        guard try parse(text, path: path).references.isEmpty else {
            throw MonoflowError(.unimplemented, "read pipeline", path, "a placeholder here is not supported yet")
        }
        return text
    }

    private static let roots: Set<String> = ["inputs", "outputs", "tasks", "steps", "workflow", "item", "pod", "retries", "node", "lastRetry", "cronworkflow"]

    private static func reference(_ name: String, path: String) throws -> Reference? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let root = parts.first, roots.contains(root) else { return nil }
        let tail = { (from: Int) in parts.dropFirst(from).joined(separator: ".") }
        switch root {
        case "item": return parts.count == 1 ? .item : .itemMember(tail(1))
        case "retries" where parts.count == 1: return .task(.retries)
        case "pod" where name == "pod.name": return .task(.uid)
        case "node" where name == "node.name": return .task(.name)
        case "inputs" where parts.count >= 3 && parts[1] == "parameters": return .input(tail(2))
        case "inputs" where parts.count >= 4 && parts[1] == "artifacts" && parts.last == "path":
            return .inputArtifact(parts[2..<(parts.count - 1)].joined(separator: "."), .path)
        case "outputs" where parts.count >= 4 && parts[1] == "parameters" && parts.last == "path":
            return .outputFile(parts[2..<(parts.count - 1)].joined(separator: "."))
        case "outputs" where parts.count >= 4 && parts[1] == "artifacts" && parts.last == "path":
            return .outputArtifact(parts[2..<(parts.count - 1)].joined(separator: "."), .path)
        case "tasks" where parts.count >= 5 && parts[2] == "outputs" && (parts[3] == "parameters" || parts[3] == "artifacts"):
            return .taskOutput(task: parts[1], output: tail(4))
        case "tasks" where parts.count == 3 && parts[2] == "status": return .taskStatus(parts[1])
        case "workflow": return try workflow(name, parts, path: path)
        default: break
        }
        throw MonoflowError(.unimplemented, "read pipeline", path, "the placeholder {{\(name)}} is not supported yet")
    }

    private static func workflow(_ name: String, _ parts: [String], path: String) throws -> Reference {
        if parts.count >= 3, parts[1] == "parameters" { return .workflowParameter(parts.dropFirst(2).joined(separator: ".")) }
        guard parts.count == 2, let field = WorkflowField(rawValue: parts[1]),
            ![.pipelineRoot, .scheduledTime, .resourceName].contains(field)
        else {
            throw MonoflowError(.unimplemented, "read pipeline", path, "the placeholder {{\(name)}} is not supported yet")
        }
        return .workflow(field)
    }
}
