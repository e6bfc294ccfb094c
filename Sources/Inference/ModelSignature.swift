import Core

/// What a model takes or gives under one name.
public struct TensorSpec: Sendable, Equatable {
    public var name: String
    public var datatype: Datatype
    /// `-1`: any extent. An input without extents is a scalar, or one whose rank the model leaves open.
    public var shape: [Int]
    public var isOptional: Bool

    public init(name: String, datatype: Datatype, shape: [Int], isOptional: Bool = false) {
        (self.name, self.datatype, self.shape, self.isOptional) = (name, datatype, shape, isOptional)
    }
}

/// Inputs and outputs of a loaded model.
public struct ModelSignature: Sendable, Equatable {
    /// As in the Open Inference Protocol, e.g. `onnxruntime_onnx`.
    public var platform: String
    public var inputs: [TensorSpec]
    public var outputs: [TensorSpec]
    /// Whether the first extent of every input and output is a batch that requests may share.
    public var isBatched: Bool
    /// Largest batch; nil: without a limit, or not batched.
    public var maximumBatch: Int?

    public init(platform: String, inputs: [TensorSpec], outputs: [TensorSpec], isBatched: Bool = false, maximumBatch: Int? = nil) {
        (self.platform, self.inputs, self.outputs) = (platform, inputs, outputs)
        (self.isBatched, self.maximumBatch) = (isBatched, maximumBatch)
    }
}

extension ModelSignature {
    /// Checks a request before it is queued.
    /// - Parameter outputs: names wanted; empty: all.
    /// - Throws: `invalidArgument` that names model, tensor, what was expected and what was given.
    public func validate(_ given: [Tensor], outputs wanted: [String], model: String) throws(MonoflowError) {
        func refuse(_ subject: String, _ message: String) -> MonoflowError {
            MonoflowError(.invalidArgument, "infer", "model \(model)" + (subject.isEmpty ? "" : ", \(subject)"), message)
        }
        for (index, tensor) in given.enumerated() {
            let place = "input \(tensor.name)"
            guard let spec = inputs.first(where: { $0.name == tensor.name }) else {
                throw refuse(place, "unknown; the model's inputs are \(Self.names(inputs))")
            }
            if given[..<index].contains(where: { $0.name == tensor.name }) { throw refuse(place, "given twice") }
            guard spec.datatype == tensor.datatype else {
                throw refuse(place, "expected datatype \(spec.datatype.rawValue), got \(tensor.datatype.rawValue)")
            }
            guard Self.fits(tensor.shape, spec.shape) else {
                throw refuse(place, "expected shape \(Tensor.describe(spec.shape)), got \(Tensor.describe(tensor.shape))")
            }
        }
        if given.count < inputs.count {
            for spec in inputs where !spec.isOptional && !given.contains(where: { $0.name == spec.name }) {
                throw refuse("input \(spec.name)", "missing; expected \(spec.datatype.rawValue) of shape \(Tensor.describe(spec.shape))")
            }
        }
        for (index, name) in wanted.enumerated() {
            guard outputs.contains(where: { $0.name == name }) else {
                throw refuse("output \(name)", "unknown; the model's outputs are \(Self.names(outputs))")
            }
            if wanted[..<index].contains(name) { throw refuse("output \(name)", "asked for twice") }
        }
    }

    private static func fits(_ shape: [Int], _ expected: [Int]) -> Bool {
        if expected.isEmpty { return true }
        guard shape.count == expected.count else { return false }
        return zip(shape, expected).allSatisfy { $1 == -1 || $0 == $1 }
    }

    private static func names(_ specs: [TensorSpec]) -> String { specs.map(\.name).joined(separator: ", ") }
}
