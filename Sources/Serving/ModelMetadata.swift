import Core
import Inference

// What clients are told about a model.
extension ModelService {
    /// MODEL of the native API. Inputs and outputs are those of the version that answers by default; without a ready
    /// version they are absent.
    public func json(_ model: ServedModel) -> JSON {
        let signature = model.current?.instance?.signature
        return JSON.make([
            "name": .string(model.name), "namespace": .string(model.namespace),
            "default_version": model.current.map { .string("\($0.version)") },
            "versions": .array(model.versions.map(json)),
            "inputs": signature.map { Self.json($0.inputs) }, "outputs": signature.map { Self.json($0.outputs) },
        ])
    }

    private func json(_ version: ServedVersion) -> JSON {
        let digest: String? = if case .deployed(let digest) = version.origin { digest } else { nil }
        return JSON.make([
            "version": .string("\(version.version)"), "state": .string(version.state.name), "message": .string(message(version)),
            "digest": digest.map(JSON.string), "created_at": version.createdAt.map { .string($0.rfc3339(milliseconds: true)) },
            "artifact_id": version.artifactID.map(JSON.int), "run_id": version.runID.map(JSON.string),
        ])
    }

    /// The model metadata response of the Open Inference Protocol.
    /// - Parameter version: nil: the newest that is ready.
    /// - Throws: `notFound`; `unavailable` with the reason where the version is not ready.
    public func openInferenceMetadata(namespace: String, name: String, version: Int? = nil) throws(MonoflowError) -> JSON {
        let instance = try instance(namespace: namespace, name: name, version: version)
        let ready = try model(namespace: namespace, name: name).versions.filter { $0.instance != nil }
        return JSON.make([
            "name": .string(name), "versions": .array(ready.map { .string("\($0.version)") }),
            "platform": .string(instance.signature.platform),
            "inputs": Self.json(instance.signature.inputs), "outputs": Self.json(instance.signature.outputs),
        ])
    }

    private static func json(_ specs: [TensorSpec]) -> JSON {
        .array(specs.map { spec in
            JSON.make([
                "name": .string(spec.name), "datatype": .string(spec.datatype.rawValue),
                "shape": .array(spec.shape.map { .int(Int64($0)) }),
            ])
        })
    }
}
