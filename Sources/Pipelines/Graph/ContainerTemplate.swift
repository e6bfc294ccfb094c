import Core

/// A leaf that runs a command.
public struct ContainerTemplate: Codable, Sendable, Equatable {
    public var image: Text
    /// Nil keeps the image's entrypoint.
    public var command: [Argument]?
    /// Nil keeps the image's default arguments.
    public var args: [Argument]?
    public var env: [TextVariable]
    public var workingDirectory: Text?
    public var outputs: [ParameterOutput]
    public var artifactOutputs: [ArtifactOutput]
    public var resources: ContainerResources
    public var deadlineSeconds: Double?
    public var retry: Retry?

    public init(image: Text) {
        self.image = image
        env = []
        outputs = []
        artifactOutputs = []
        resources = .init()
    }
}

public struct TextVariable: Codable, Sendable, Equatable {
    public var name: String
    public var value: Text
    public init(name: String, value: Text) {
        self.name = name
        self.value = value
    }
}

/// One argument, or, in kfp 2, a conditional or joined group of them.
public indirect enum Argument: Codable, Sendable, Equatable {
    case text(Text)
    /// One argument of the parts' texts joined.
    case concat([Argument])
    /// The first list where the input was given, else the second; both may be empty.
    case ifPresent(input: String, then: [Argument], otherwise: [Argument])
}

public struct ParameterOutput: Codable, Sendable, Equatable {
    public var name: String
    public var type: ParameterType
    /// Nil: the step's own choice under the run's output folder (kfp 2).
    public var path: String?
    /// Used where the file is missing.
    public var defaultValue: JSON?
    public init(name: String, type: ParameterType = .string, path: String? = nil, defaultValue: JSON? = nil) {
        self.name = name
        self.type = type
        self.path = path
        self.defaultValue = defaultValue
    }
}

public struct ArtifactOutput: Codable, Sendable, Equatable {
    public var name: String
    public var type: String
    public var schemaVersion: String
    public var path: String?
    public var isOptional: Bool
    public var isList: Bool
    public var metadata: JSON
    public init(
        name: String, type: String = "system.Artifact", schemaVersion: String = "0.0.1", path: String? = nil,
        isOptional: Bool = false, isList: Bool = false, metadata: JSON = [:]
    ) {
        self.name = name
        self.type = type
        self.schemaVersion = schemaVersion
        self.path = path
        self.isOptional = isOptional
        self.isList = isList
        self.metadata = metadata
    }
}

/// Quantities as text, since each may hold a placeholder; read when the step starts.
public struct ContainerResources: Codable, Sendable, Equatable {
    public var cpuRequest: Text?
    public var cpuLimit: Text?
    public var memoryRequest: Text?
    public var memoryLimit: Text?
    public var accelerators: Text?
    /// The kind of accelerator, where one is named.
    public var acceleratorType: Text?
    public init() {}

    /// - Throws: `unimplemented` for what is no NVIDIA GPU. The model (`NVIDIA_TESLA_T4`) is not told apart.
    static func checkAccelerator(_ type: String, place: String) throws {
        guard type.lowercased().hasPrefix("nvidia") else {
            throw MonoflowError(.unimplemented, "read accelerator", place, "\"\(type)\" is not supported yet: only NVIDIA GPUs are")
        }
    }
}

/// Brings an existing object into the run as an artifact (kfp 2's `dsl.importer`).
public struct Importer: Codable, Sendable, Equatable {
    public var uri: Expression
    public var output: ArtifactOutput
    public var metadata: JSON
    public init(uri: Expression, output: ArtifactOutput, metadata: JSON) {
        self.uri = uri
        self.output = output
        self.metadata = metadata
    }
}
