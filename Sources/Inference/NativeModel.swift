import CModelBackend
import Core

/// A model that is ready to run.
public protocol LoadedModel: Sendable {
    var signature: ModelSignature { get }

    /// Runs the model on the calling thread and returns when the outputs are whole. Any thread.
    /// - Parameters:
    ///   - inputs: have passed `ModelSignature.validate`.
    ///   - outputs: names wanted, in this order; empty: all, in the model's order.
    func execute(_ inputs: [Tensor], outputs: [String]) throws(MonoflowError) -> [Tensor]
}

/// A model of a backend, with one instance on the CPU. Unloaded when the last reference goes, so a run that is under
/// way, and an output that still lies in the backend's memory, keep it.
final class NativeModel: LoadedModel, @unchecked Sendable {
    let signature: ModelSignature
    private let backend: ModelBackend
    private let subject: String
    private let model: OpaquePointer
    private let instance: OpaquePointer
    /// The model's own C names, which live as long as the model.
    private let inputNames: [String: UnsafePointer<CChar>]
    private let outputNames: [String: UnsafePointer<CChar>]

    init(backend: ModelBackend, handle: OpaquePointer, subject: String) throws(MonoflowError) {
        let api = backend.api
        do throws(MonoflowError) {
            guard let info = api.describe(handle)?.pointee else {
                throw MonoflowError(.internalError, "load model", subject, "the backend does not describe the model")
            }
            let inputs = UnsafeBufferPointer(start: info.inputs, count: info.input_count)
            let outputs = UnsafeBufferPointer(start: info.outputs, count: info.output_count)
            guard info.instance_concurrency == 0 else {
                throw MonoflowError(.unimplemented, "load model", subject, "the backend limits the threads of an instance")
            }
            signature = ModelSignature(
                platform: String(cString: info.platform), inputs: try Self.specs(inputs, subject), outputs: try Self.specs(outputs, subject),
                isBatched: info.max_batch != 0, maximumBatch: info.max_batch > 0 ? Int(info.max_batch) : nil)
            inputNames = Self.names(inputs)
            outputNames = Self.names(outputs)
            var config = mfb_instance_config(
                size: MemoryLayout<mfb_instance_config>.size, device_kind: mfb_memory(MFB_MEMORY_HOST), device_id: 0)
            var made: OpaquePointer?
            let failure = api.create_instance(handle, &config, &made)
            guard failure == nil, let made else { throw backendError(failure, "load model", subject) }
            instance = made
        } catch {
            api.unload(handle)
            throw error
        }
        (self.backend, model, self.subject) = (backend, handle, subject)
    }

    deinit {
        backend.api.destroy_instance(instance)
        backend.api.unload(model)
    }

    private static func specs(_ infos: UnsafeBufferPointer<mfb_tensor_info>, _ subject: String) throws(MonoflowError) -> [TensorSpec] {
        var specs: [TensorSpec] = []
        for info in infos {
            guard let datatype = Datatype(abiValue: info.datatype) else {
                throw MonoflowError(.unimplemented, "load model", subject, "tensor \(String(cString: info.name)) has unknown datatype \(info.datatype)")
            }
            let shape = UnsafeBufferPointer(start: info.shape, count: Int(info.rank)).map { Int($0) }
            specs.append(TensorSpec(name: String(cString: info.name), datatype: datatype, shape: shape, isOptional: info.optional != 0))
        }
        return specs
    }

    private static func names(_ infos: UnsafeBufferPointer<mfb_tensor_info>) -> [String: UnsafePointer<CChar>] {
        Dictionary(infos.map { (String(cString: $0.name), $0.name) }, uniquingKeysWith: { first, _ in first })
    }

    func execute(_ inputs: [Tensor], outputs: [String]) throws(MonoflowError) -> [Tensor] {
        let lent = try LentTensors(inputs, names: inputNames, subject: subject)
        let wanted = outputs.map { outputNames[$0] }
        if let unknown = wanted.firstIndex(of: nil) {
            throw MonoflowError(.invalidArgument, "infer", subject, "unknown output \(outputs[unknown])")
        }
        var answer: UnsafeMutablePointer<mfb_response>?
        let failure = wanted.withUnsafeBufferPointer { wanted in
            var request = mfb_request(
                size: MemoryLayout<mfb_request>.size, inputs: lent.tensors, input_count: inputs.count,
                outputs: wanted.baseAddress, output_count: wanted.count)
            return api(instance, &request, &answer)
        }
        withExtendedLifetime((inputs, lent)) {}
        guard failure == nil, let answer else { throw backendError(failure, "infer", subject) }
        return try NativeResponse(answer, model: self).tensors(subject: subject)
    }

    private var api: @convention(c) (OpaquePointer?, UnsafePointer<mfb_request>?, UnsafeMutablePointer<UnsafeMutablePointer<mfb_response>?>?) -> UnsafeMutablePointer<mfb_error>? {
        backend.api.execute
    }
}

/// A response and the model whose memory it may use; released when the last tensor goes.
final class NativeResponse {
    private let response: UnsafeMutablePointer<mfb_response>
    private let model: NativeModel

    init(_ response: UnsafeMutablePointer<mfb_response>, model: NativeModel) {
        (self.response, self.model) = (response, model)
    }

    deinit { response.pointee.release(response) }

    /// Numbers stay where the backend put them; strings are copied together.
    func tensors(subject: String) throws(MonoflowError) -> [Tensor] {
        var tensors: [Tensor] = []
        for output in UnsafeBufferPointer(start: response.pointee.outputs, count: response.pointee.output_count) {
            let name = String(cString: output.name)
            let shape = UnsafeBufferPointer(start: output.shape, count: Int(output.rank)).map { Int($0) }
            let chunks = UnsafeBufferPointer(start: output.chunks, count: output.chunk_count).map {
                UnsafeRawBufferPointer(start: $0.data, count: $0.length)
            }
            guard let datatype = Datatype(abiValue: output.datatype), output.memory != mfb_memory(MFB_MEMORY_CUDA) else {
                throw MonoflowError(.internalError, "infer", subject, "output \(name) has an unknown datatype or lies in device memory")
            }
            if datatype == .bytes {
                tensors.append(try Tensor(name: name, shape: shape, strings: chunks))
            } else if chunks.count == 1 {
                tensors.append(try Tensor(name: name, datatype: datatype, shape: shape, buffer: TensorBuffer(lent: chunks[0], by: self)))
            } else {
                let whole = chunks.flatMap { Array($0) }
                let buffer = whole.withUnsafeBytes { TensorBuffer(copying: $0) }
                tensors.append(try Tensor(name: name, datatype: datatype, shape: shape, buffer: buffer))
            }
        }
        return tensors
    }
}
