import Core

/// What runs: the pod-like unit. Everything an executor needs, with every placeholder already resolved.
public struct TaskSpec: Codable, Sendable, Equatable {
    /// Image reference as the user wrote it, e.g. `python:3.11`; an executor maps it to an environment.
    public var image: String
    /// Replaces the image's entrypoint; nil keeps it.
    public var command: [String]?
    /// Replaces the image's default arguments; nil keeps them (only where `command` is nil too, as in Kubernetes).
    public var args: [String]?
    public var env: [EnvironmentVariable]
    /// Absolute path inside the sandbox; nil is the image's, else `/`.
    public var workingDirectory: String?
    /// Files placed into the private root before the start.
    public var inputs: [InputFile]
    /// Files read from the private root after a successful end.
    public var outputs: [OutputFile]
    public var resources: ResourceRequest
    /// From start to forced end; nil is unlimited.
    public var deadlineSeconds: Double?
    /// Between SIGTERM and SIGKILL when stopped or past the deadline.
    public var graceSeconds: Double
    /// False gives the task a network namespace with loopback only.
    public var network: Bool
    /// What only the start looks up; nil where there is nothing of the kind.
    public var references: TaskReferences?

    public init(
        image: String, command: [String]? = nil, args: [String]? = nil, env: [EnvironmentVariable] = [],
        workingDirectory: String? = nil, inputs: [InputFile] = [], outputs: [OutputFile] = [],
        resources: ResourceRequest = .init(), deadlineSeconds: Double? = nil, graceSeconds: Double = 10, network: Bool = true
    ) {
        self.image = image
        self.command = command
        self.args = args
        self.env = env
        self.workingDirectory = workingDirectory
        self.inputs = inputs
        self.outputs = outputs
        self.resources = resources
        self.deadlineSeconds = deadlineSeconds
        self.graceSeconds = graceSeconds
        self.network = network
    }
}

public struct EnvironmentVariable: Codable, Sendable, Equatable {
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One file or directory to place before the start.
public struct InputFile: Codable, Sendable, Equatable {
    public enum Source: Codable, Sendable, Equatable {
        /// Inline text.
        case text(String)
        /// An object of the artifact store: a file, or a directory stored as a tree (see `Artifacts.BlobStore`).
        case blob(digest: String)
        /// An empty directory (made with its parents), for output paths that a step expects to exist.
        case directory
        /// Inline bytes, and the permission bits of the file.
        case bytes([UInt8], mode: UInt32)
    }
    /// Absolute path inside the sandbox.
    public var path: String
    public var source: Source
    public init(path: String, source: Source) {
        self.path = path
        self.source = source
    }
}

/// One result to collect after a successful end.
public struct OutputFile: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        /// UTF-8 text of at most `TaskLimits.parameterBytes`, kept as text.
        case parameter
        /// A file or directory, kept in the artifact store by digest.
        case artifact
    }
    public var name: String
    /// Absolute path inside the sandbox; symbolic links never lead out of the private root.
    public var path: String
    public var kind: Kind
    /// A missing file is an error unless optional.
    public var isOptional: Bool
    public init(name: String, path: String, kind: Kind, isOptional: Bool = false) {
        self.name = name
        self.path = path
        self.kind = kind
        self.isOptional = isOptional
    }
}

public enum TaskLimits {
    /// As Argo and Kubernetes bound a parameter's value.
    public static let parameterBytes = 1 << 20
    /// A step's log; what comes after is dropped with a line that says so.
    public static let logBytes: Int64 = 1 << 30
}
