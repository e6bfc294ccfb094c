/// What a task's spec names and its start looks up: values of config maps and secrets, which are kept nowhere else, and volumes that outlive tasks.
public struct TaskReferences: Codable, Sendable, Equatable {
    /// Variables beside the spec's own, in their order: a later one of a name wins.
    public var variables: [VariableSource] = []
    public var files: [FileSource] = []
    public var mounts: [ClaimMount] = []
    /// Whether `$(NAME)` in the command, its arguments and `variables` stands for a variable, as in a Kubernetes pod.
    public var expandsVariables = false
    /// The task gets no token of this server.
    public var withoutToken = false

    public init() {}
}

/// A config map or a secret of the task's namespace.
public struct ObjectReference: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable { case configMap, secret }
    public var kind: Kind
    public var name: String
    /// Where it, or its key, is missing, so is what would be made of it; else the task does not start.
    public var isOptional: Bool
    public init(_ kind: Kind, _ name: String, isOptional: Bool = false) {
        self.kind = kind
        self.name = name
        self.isOptional = isOptional
    }
}

/// Where environment variables come from.
public enum VariableSource: Codable, Sendable, Equatable {
    case value(name: String, String)
    /// One key of an object.
    case key(name: String, ObjectReference, key: String)
    /// Every key of an object whose name, with the prefix before it, can be a variable's.
    case all(ObjectReference, prefix: String)
}

/// Files with the values of an object's keys.
public struct FileSource: Codable, Sendable, Equatable {
    public struct Item: Codable, Sendable, Equatable {
        public var key: String
        /// Relative to the directory.
        public var path: String
        public var mode: UInt32?
        public init(key: String, path: String, mode: UInt32? = nil) {
            self.key = key
            self.path = path
            self.mode = mode
        }
    }
    public var object: ObjectReference
    /// Absolute path inside the sandbox.
    public var directory: String
    /// Nil: each key is a file.
    public var items: [Item]?
    /// Permission bits.
    public var mode: UInt32
    /// The one file or directory of the volume that is mounted, at `directory` itself; nil for the whole volume.
    public var subPath: String?
    public init(_ object: ObjectReference, directory: String, items: [Item]? = nil, mode: UInt32 = 0o644, subPath: String? = nil) {
        self.object = object
        self.directory = directory
        self.items = items
        self.mode = mode
        self.subPath = subPath
    }
}

/// A persistent volume claim of the namespace, mounted.
public struct ClaimMount: Codable, Sendable, Equatable {
    public var claim: String
    /// Absolute path inside the sandbox.
    public var path: String
    /// The directory of the volume that is shown; nil for all of it.
    public var subPath: String?
    public var isReadOnly: Bool
    public init(claim: String, path: String, subPath: String? = nil, isReadOnly: Bool = false) {
        self.claim = claim
        self.path = path
        self.subPath = subPath
        self.isReadOnly = isReadOnly
    }
}
