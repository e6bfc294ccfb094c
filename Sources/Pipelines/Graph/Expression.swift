import Core

/// A value of a task's argument, known when the task starts.
public indirect enum Expression: Codable, Sendable, Equatable {
    case constant(JSON)
    case reference(Reference)
    case text(Text)
    /// Member of a value that is an object, or JSON text of one (`parseJson(string_value)["a"]`).
    case member(of: Expression, path: [JSON])
}

/// Text with placeholders.
public struct Text: Codable, Sendable, Equatable {
    public enum Piece: Codable, Sendable, Equatable {
        case literal(String)
        case reference(Reference)
    }
    public var pieces: [Piece]
    public init(_ pieces: [Piece]) { self.pieces = pieces }
    public init(literal: String) { pieces = literal.isEmpty ? [] : [.literal(literal)] }

    public var references: [Reference] {
        pieces.compactMap { if case .reference(let reference) = $0 { reference } else { nil } }
    }
}

/// What a placeholder may name. One vocabulary for both dialects.
public enum Reference: Codable, Sendable, Hashable {
    public enum ArtifactField: Codable, Sendable, Hashable {
        case path, uri, name
        case metadata(String?)
    }

    /// Input parameter of the enclosing template; in a container, of the container's template.
    case input(String)
    /// Input of the task itself, already resolved (kfp 2 constants that hold placeholders).
    case ownInput(String)
    case inputArtifact(String, ArtifactField)
    case outputArtifact(String, ArtifactField)
    /// The file that a container writes an output parameter to.
    case outputFile(String)
    case taskOutput(task: String, output: String)
    /// Argo's `{{tasks.T.status}}`.
    case taskStatus(String)
    /// kfp 2's final status of an upstream task: state, names and error.
    case taskFinalStatus(String)
    case item
    case itemMember(String)
    case workflow(WorkflowField)
    case workflowParameter(String)
    /// kfp 2's `{{$}}`: the whole ExecutorInput as JSON.
    case executorInput
    case task(TaskField)
}

public enum WorkflowField: String, Codable, Sendable {
    case name, uid, namespace, status, failures, creationTimestamp, duration, serviceAccountName
    case pipelineRoot, scheduledTime, resourceName
}

public enum TaskField: String, Codable, Sendable {
    case name, uid, retries
}

/// Where an artifact argument comes from.
public enum ArtifactExpression: Codable, Sendable, Equatable {
    /// Input artifact of the enclosing template.
    case input(String)
    case taskOutput(task: String, output: String)
    /// Inline text (Argo's `raw.data`).
    case raw(Text)
}

extension Expression {
    /// Every placeholder in it.
    public var references: [Reference] {
        switch self {
        case .constant: []
        case .reference(let reference): [reference]
        case .text(let text): text.references
        case .member(let inner, _): inner.references
        }
    }
}
