import CModelBackend
import COnnxRuntime
import Core

/// A runtime behind the `CModelBackend` interface. Thread-safe; it lives as long as any model that it loaded.
public final class ModelBackend: @unchecked Sendable {
    public let name: String
    /// Version of the runtime, e.g. `1.32.0`.
    public let version: String
    /// Devices or execution providers that this build offers.
    public let devices: [String]
    let api: mfb_api
    let handle: OpaquePointer
    private let host: UnsafeMutablePointer<mfb_host>

    /// - Throws: `failedPrecondition` where the backend speaks another version of the interface; what the backend
    ///   answers where it cannot be made.
    public init(entry: mfb_entry, options: [String: String]) throws(MonoflowError) {
        let operation = "open model backend"
        guard let table = entry(MFB_ABI_MAJOR), table.pointee.abi_major == MFB_ABI_MAJOR else {
            throw MonoflowError(.failedPrecondition, operation, "", "it does not speak version \(MFB_ABI_MAJOR) of the backend interface")
        }
        guard table.pointee.size >= MemoryLayout<mfb_api>.size else {
            throw MonoflowError(.failedPrecondition, operation, "", "its table lacks functions of version \(MFB_ABI_MAJOR).\(MFB_ABI_MINOR)")
        }
        let api = table.pointee
        let host = UnsafeMutablePointer<mfb_host>.allocate(capacity: 1)
        self.host = host
        name = api.name.map { String(cString: $0) } ?? ""
        host.initialize(to: mfb_host())
        host.pointee.size = MemoryLayout<mfb_host>.size
        (host.pointee.abi_major, host.pointee.abi_minor) = (MFB_ABI_MAJOR, MFB_ABI_MINOR)
        host.pointee.log = { _, _, _ in }
        var made: OpaquePointer?
        let failure = withOptions(options) { api.create(host, $0.baseAddress, $0.count, &made) }
        guard failure == nil, let made else {
            host.deallocate()
            throw backendError(failure, operation, options["library"] ?? name)
        }
        (self.api, handle) = (api, made)
        version = api.version(made).map { String(cString: $0) } ?? ""
        var names: UnsafePointer<UnsafePointer<CChar>?>?, count = 0
        if let failure = api.devices(made, &names, &count) {
            let error = backendError(failure, operation, name)
            api.destroy(made)
            host.deallocate()
            throw error
        }
        devices = UnsafeBufferPointer(start: names, count: count).compactMap { $0.map { String(cString: $0) } }
    }

    /// ONNX Runtime from a library file. - Throws: `unavailable` where it cannot be opened or is too old.
    public static func onnxRuntime(library: String) throws(MonoflowError) -> ModelBackend {
        try ModelBackend(entry: monoflow_onnxruntime_entry, options: ["library": library])
    }

    deinit {
        api.destroy(handle)
        host.deallocate()
    }

    /// Reads a model; blocks, for large models for seconds.
    /// - Throws: `invalidArgument` for a damaged model or wrong options, `notFound`, `unimplemented` for what the
    ///   backend cannot serve.
    public func load(name: String, version: String, path: String, options: [String: String] = [:]) throws(MonoflowError) -> any LoadedModel {
        let subject = "model \(name) version \(version)"
        var made: OpaquePointer?
        let failure = name.withCString { name in
            version.withCString { version in
                path.withCString { path in
                    withOptions(options) { list in
                        var source = mfb_model_source(
                            size: MemoryLayout<mfb_model_source>.size, name: name, version: version, path: path,
                            options: list.baseAddress, option_count: list.count)
                        return api.load(handle, &source, &made)
                    }
                }
            }
        }
        guard failure == nil, let made else {
            var error = backendError(failure, "load model", subject)
            // Whatever a runtime says about a file that it cannot read, the file is what the caller has to change.
            if error.code == .dataLoss || error.code == .internalError { error.code = .invalidArgument }
            throw error
        }
        return try NativeModel(backend: self, handle: made, subject: subject)
    }
}

/// Takes the error over and releases it.
func backendError(_ error: UnsafeMutablePointer<mfb_error>?, _ operation: String, _ subject: String) -> MonoflowError {
    guard let error else { return MonoflowError(.internalError, operation, subject, "the backend returned nothing") }
    defer { error.pointee.release(error) }
    let code: MonoflowError.Code = switch Int(error.pointee.code) {
    case Int(MFB_INVALID_ARGUMENT): .invalidArgument
    case Int(MFB_NOT_FOUND): .notFound
    case Int(MFB_UNSUPPORTED): .unimplemented
    case Int(MFB_RESOURCE_EXHAUSTED): .resourceExhausted
    case Int(MFB_UNAVAILABLE): .unavailable
    case Int(MFB_DATA_LOSS): .dataLoss
    default: .internalError
    }
    return MonoflowError(code, operation, subject, String(cString: error.pointee.message))
}

/// Lends the options as C text, sorted by key, for the duration of the call.
private func withOptions<Result>(_ options: [String: String], _ body: (UnsafeBufferPointer<mfb_option>) -> Result) -> Result {
    var texts: [[CChar]] = []
    for (key, value) in options.sorted(by: { $0.key < $1.key }) {
        texts.append(Array(key.utf8CString))
        texts.append(Array(value.utf8CString))
    }
    var flat: [CChar] = [], starts: [Int] = []
    for text in texts {
        starts.append(flat.count)
        flat.append(contentsOf: text)
    }
    return flat.withUnsafeBufferPointer { memory in
        let list = stride(from: 0, to: starts.count, by: 2).map { index in
            mfb_option(key: memory.baseAddress.map { $0 + starts[index] }, value: memory.baseAddress.map { $0 + starts[index + 1] })
        }
        return list.withUnsafeBufferPointer(body)
    }
}
