import Core
import Foundation

/// kfp 2's `{{$…}}` placeholders in text.
enum IRText {
    /// Whose inputs `{{$.inputs…}}` names: a container's template, or the task that a constant is given to.
    enum Scope { case container, task }

    static func parse(_ text: String, scope: Scope, path: String) throws -> Text {
        var pieces: [Text.Piece] = []
        var rest = Substring(text)
        while let open = rest.range(of: "{{$"), let close = end(of: rest[open.upperBound...]) {
            let name = rest[open.upperBound..<close.lowerBound]
            if open.lowerBound > rest.startIndex { pieces.append(.literal(String(rest[..<open.lowerBound]))) }
            pieces.append(.reference(try reference(String(name), scope: scope, path: path)))
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty { pieces.append(.literal(String(rest))) }
        return Text(pieces)
    }

    private static func end(of text: Substring) -> Range<Substring.Index>? { text.range(of: "}}") }

    private static func reference(_ name: String, scope: Scope, path: String) throws -> Reference {
        if name.isEmpty { return .executorInput }
        switch name {
        case ".pipeline_job_name": return .workflow(.name)
        case ".pipeline_job_uuid": return .workflow(.uid)
        case ".pipeline_job_resource_name": return .workflow(.resourceName)
        case ".pipeline_job_create_time_utc": return .workflow(.creationTimestamp)
        case ".pipeline_job_schedule_time_utc": return .workflow(.scheduledTime)
        case ".pipeline_root": return .workflow(.pipelineRoot)
        case ".pipeline_task_name": return .task(.name)
        case ".pipeline_task_uuid": return .task(.uid)
        default: break
        }
        let unknown = MonoflowError(.unimplemented, "read pipeline", path, "the placeholder {{$\(name)}} is not supported yet")
        // `.inputs.parameters['x']`, `.outputs.artifacts['x'].metadata['k']` …
        guard let bracket = name.range(of: "['"), let close = name.range(of: "']", range: bracket.upperBound..<name.endIndex) else { throw unknown }
        let key = String(name[bracket.upperBound..<close.lowerBound])
        let tail = String(name[close.upperBound...])
        switch (String(name[..<bracket.lowerBound]), tail) {
        case (".inputs.parameters", ""): return scope == .task ? .ownInput(key) : .input(key)
        case (".outputs.parameters", ".output_file"): return .outputFile(key)
        case (".inputs.artifacts", _): return .inputArtifact(key, try field(tail) ?? { throw unknown }())
        case (".outputs.artifacts", _): return .outputArtifact(key, try field(tail) ?? { throw unknown }())
        default: throw unknown
        }
    }

    private static func field(_ tail: String) throws -> Reference.ArtifactField? {
        switch tail {
        case ".path": return .path
        case ".uri": return .uri
        case ".name": return .name
        case ".metadata": return .metadata(nil)
        default:
            guard tail.hasPrefix(".metadata['"), tail.hasSuffix("']") else { return nil }
            return .metadata(String(tail.dropFirst(11).dropLast(2)))
        }
    }

    /// A container's argument; `Concat` and `IfPresent` stand as JSON text inside it.
    static func argument(_ text: String, path: String) throws -> Argument {
        if text.hasPrefix("{"), let value = try? JSONParser.parse(text), let group = try group(value, path: path) { return group }
        return .text(try parse(text, scope: .container, path: path))
    }

    private static func group(_ value: JSON, path: String) throws -> Argument? {
        if let parts = value["Concat"]?.arrayValue {
            return .concat(try parts.map { try element($0, path: path) })
        }
        guard let test = value["IfPresent"]?.objectValue, let input = test["InputName"]?.stringValue else { return nil }
        func branch(_ key: String) throws -> [Argument] {
            guard let branch = test[key], !branch.isNull else { return [] }
            return try (branch.arrayValue ?? [branch]).map { try element($0, path: path) }
        }
        return .ifPresent(input: input, then: try branch("Then"), otherwise: try branch("Else"))
    }

    private static func element(_ value: JSON, path: String) throws -> Argument {
        if let text = value.stringValue { return try argument(text, path: path) }
        guard let nested = try group(value, path: path) else {
            throw MonoflowError(.invalidArgument, "read pipeline", path, "a placeholder's part must be text, Concat or IfPresent")
        }
        return nested
    }
}
