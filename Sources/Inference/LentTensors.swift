import CModelBackend
import Core

/// The C view of input tensors, valid while this object and the tensors live.
final class LentTensors {
    let tensors: UnsafeMutablePointer<mfb_tensor>
    private let extents: UnsafeMutablePointer<Int64>
    private let chunks: UnsafeMutablePointer<mfb_bytes>

    /// - Parameter names: C names that outlive this object. - Throws: `invalidArgument` for a name without one.
    init(_ inputs: [Tensor], names: [String: UnsafePointer<CChar>], subject: String) throws(MonoflowError) {
        for input in inputs where names[input.name] == nil {
            throw MonoflowError(.invalidArgument, "infer", subject, "unknown input \(input.name)")
        }
        tensors = .allocate(capacity: inputs.count)
        extents = .allocate(capacity: inputs.reduce(0) { $0 + $1.shape.count })
        chunks = .allocate(capacity: inputs.reduce(0) { $0 + ($1.datatype == .bytes ? $1.elementCount : 1) })
        var (extent, chunk) = (extents, chunks)
        for (index, input) in inputs.enumerated() {
            var tensor = mfb_tensor()
            tensor.size = MemoryLayout<mfb_tensor>.size
            tensor.name = names[input.name]
            tensor.datatype = input.datatype.abiValue
            tensor.memory = mfb_memory(MFB_MEMORY_HOST)
            tensor.rank = UInt32(input.shape.count)
            tensor.shape = UnsafePointer(extent)
            tensor.chunks = UnsafePointer(chunk)
            for value in input.shape {
                extent.initialize(to: Int64(value))
                extent += 1
            }
            let bytes = input.buffer.bytes
            if input.datatype == .bytes {
                tensor.chunk_count = input.elementCount
                for element in 0..<input.elementCount {
                    let (start, end) = (input.offsets[element], input.offsets[element + 1])
                    chunk.initialize(to: mfb_bytes(data: bytes.baseAddress.map { $0 + start }, length: end - start))
                    chunk += 1
                }
            } else {
                tensor.chunk_count = 1
                chunk.initialize(to: mfb_bytes(data: bytes.baseAddress, length: bytes.count))
                chunk += 1
            }
            (tensors + index).initialize(to: tensor)
        }
    }

    deinit {
        tensors.deallocate()
        extents.deallocate()
        chunks.deallocate()
    }
}
