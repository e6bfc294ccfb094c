import Core

/// A definition as a client sends it: one or two documents, of either dialect.
public struct PipelinePackage: Sendable {
    public var dialect: WorkflowGraph.Dialect
    /// The Workflow or the PipelineSpec.
    public var manifest: JSON
    /// kfp 2's second document (`platforms…`).
    public var platform: JSON?
    public var graph: WorkflowGraph

    /// Key in `pipeline_specs`.
    public var digest: String {
        Hashing.sha256Hex([dialect.rawValue, manifest.text(), platform?.text() ?? ""].joined(separator: "\u{1f}"))
    }

    /// Reads and checks documents. - Throws: `invalidArgument` or `unimplemented` with the place.
    public init(documents: [JSON]) throws {
        let documents = documents.filter { !$0.isNull }
        guard let first = documents.first else {
            throw MonoflowError(.invalidArgument, "read pipeline", "", "the file holds no document")
        }
        guard documents.count <= 2 else {
            throw MonoflowError(.invalidArgument, "read pipeline", "document 3", "a file holds a pipeline and at most one document of platforms")
        }
        if first["pipelineSpec"] != nil || first["pipeline_spec"] != nil {
            // The two-document form as the SDK posts it in one object.
            manifest = first["pipelineSpec"] ?? first["pipeline_spec"] ?? .null
            platform = first["platformSpec"] ?? first["platform_spec"]
            if platform == .object([:]) { platform = nil }
            guard documents.count == 1 else { throw MonoflowError(.invalidArgument, "read pipeline", "document 2", "the first one holds pipeline and platforms both") }
        } else {
            manifest = first
            platform = documents.dropFirst().first
        }
        if manifest["pipelineInfo"] != nil || manifest["schemaVersion"] != nil {
            dialect = .kfp2
            graph = try IRReader.read(manifest, platform: platform)
        } else if manifest["apiVersion"]?.stringValue?.hasPrefix("argoproj.io/") == true || manifest["kind"]?.stringValue == "Workflow" {
            guard platform == nil else { throw MonoflowError(.invalidArgument, "read pipeline", "document 2", "a Workflow stands alone in its file") }
            dialect = .argo
            graph = try ArgoReader.read(manifest)
        } else {
            throw MonoflowError(
                .invalidArgument, "read pipeline", "", "is neither an Argo Workflow (kfp 1.8) nor a PipelineSpec (kfp 2)",
                hint: "upload the file that the kfp compiler wrote")
        }
    }

    public init(yaml text: String) throws {
        try self.init(documents: try YAMLReader.documents(text))
    }

    /// An uploaded file: YAML, JSON, or a zip or tar.gz archive with one such file inside.
    public init(file bytes: [UInt8], name: String) throws {
        let content = try ArchiveReader.definition(in: bytes, name: name)
        guard let text = String(validating: content, as: UTF8.self) else {
            throw MonoflowError(.invalidArgument, "read pipeline", name, "is not UTF-8 text")
        }
        try self.init(yaml: text)
    }

    init(dialect: WorkflowGraph.Dialect, manifest: JSON, platform: JSON?) throws {
        self.dialect = dialect
        self.manifest = manifest
        self.platform = platform
        graph = dialect == .argo ? try ArgoReader.read(manifest) : try IRReader.read(manifest, platform: platform)
    }
}
