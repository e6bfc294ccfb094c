import Core
import Foundation
import Testing
@testable import Inference

@Suite(.enabled(if: TestRuntime.isAvailable, Comment(rawValue: TestRuntime.reason)), .serialized)
struct BackendLoadTests {
    private func refusal(_ name: String, options: [String: String] = [:]) throws -> MonoflowError {
        try #require(failure { _ = try TestRuntime.model(name, options: options) })
    }

    @Test func namesWhatIsWrongWithAFile() async throws {
        #expect(try refusal("missing").code == .notFound)
        try await TestRuntime.withDirectory { directory in
            let whole = try Files.read(TestRuntime.fixtures + "/linear.onnx")
            let cases: [(String, [UInt8])] = [("empty", []), ("text", Array("not a model".utf8)), ("cut", Array(whole.prefix(whole.count / 2)))]
            for (name, bytes) in cases {
                try Files.writeAtomically(bytes, to: "\(directory)/\(name).onnx")
                let error = try #require(failure {
                    _ = try TestRuntime.backend.get().load(name: name, version: "3", path: "\(directory)/\(name).onnx")
                })
                #expect(error.code == .invalidArgument, "\(name)")
                #expect(error.description.hasPrefix("load model: model \(name) version 3: "), "\(name)")
            }
        }
        let unknown = try refusal("unknown_operator")
        #expect(unknown.code == .invalidArgument)
        #expect(unknown.message.contains("Teleport") || unknown.message.contains("nowhere"))
    }

    @Test func refusesWhatItCannotServe() throws {
        let sequence = try refusal("sequence_output")
        #expect(sequence.code == .unimplemented)
        #expect(sequence.message.contains("output Y is not a tensor"))
        #expect(sequence.message.contains("zipmap"))
        #expect(try refusal("linear", options: ["provider": "cuda"]).code == .unimplemented)
        #expect(try refusal("linear", options: ["intra_op_thread": "2"]).message == "unknown option intra_op_thread")
        #expect(try refusal("linear", options: ["intra_op_threads": "many"]).code == .invalidArgument)
        #expect(try refusal("linear", options: ["graph_optimization": "most"]).code == .invalidArgument)
    }

    @Test(arguments: ["disable", "basic", "extended", "all"])
    func everyOptimisationLevelGivesTheSame(_ level: String) throws {
        let model = try TestRuntime.model("linear", options: ["graph_optimization": level, "provider": "cpu"])
        let output = try model.execute([Tensor(name: "X", shape: [1, 4], values: [Float(1), 2, 3, 4])], outputs: [])
        #expect(output[0].values(as: Float.self) == [7.5, 9.5])
    }

    /// SetIntraOpNumThreads 24 makes threads, and ReleaseSession 95 ends them.
    @Test func threadsAreThoseAskedFor() throws {
        func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
        var model: (any LoadedModel)? = try TestRuntime.model("linear", options: ["intra_op_threads": "1"])
        let one = try threads()
        model = nil
        model = try TestRuntime.model("linear", options: ["intra_op_threads": "120"])
        let many = try threads()
        #expect(many - one > 80, "119 are made; other tests' threads come and go meanwhile")
        model = nil
        #expect(try threads() < many - 80)
        #expect(model == nil)
    }

    /// SetSessionGraphOptimizationLevel 23, called by its index: it refuses a level that does not exist by name.
    @Test func slotOfTheOptimisationLevel() throws {
        typealias GetApi = @convention(c) (UInt32) -> UnsafePointer<UnsafeRawPointer>?
        typealias Create = @convention(c) (UnsafeMutablePointer<OpaquePointer?>) -> OpaquePointer?
        typealias SetLevel = @convention(c) (OpaquePointer?, Int32) -> OpaquePointer?
        typealias Message = @convention(c) (OpaquePointer) -> UnsafePointer<CChar>
        let library = try #require(TestRuntime.library)
        let handle = try #require(dlopen(library, RTLD_NOW))
        let entry = unsafeBitCast(try #require(dlsym(handle, "OrtGetApiBase")), to: (@convention(c) () -> UnsafePointer<UnsafeRawPointer>).self)
        let table = try #require(unsafeBitCast(entry()[0], to: GetApi.self)(16))
        var options: OpaquePointer?
        #expect(unsafeBitCast(table[10], to: Create.self)(&options) == nil)
        #expect(unsafeBitCast(table[23], to: SetLevel.self)(options, 2) == nil)
        let status = try #require(unsafeBitCast(table[23], to: SetLevel.self)(options, 1234))
        #expect(String(cString: unsafeBitCast(table[2], to: Message.self)(status)).contains("graph_optimization_level"))
    }

    @Test func aLibraryThatIsNoneIsNamed() throws {
        let missing = try #require(failure { _ = try ModelBackend.onnxRuntime(library: "/nowhere/libonnxruntime.so") })
        #expect(missing.code == .unavailable)
        #expect(missing.subject == "/nowhere/libonnxruntime.so")
        let other = try #require(failure { _ = try ModelBackend.onnxRuntime(library: "libc.so.6") })
        #expect(other.message.contains("OrtGetApiBase"))
    }
}

/// The version handshake; needs no runtime.
struct BackendVersionTests {
    @Test func anotherMajorVersionIsRefused() throws {
        let error = try #require(failure { _ = try ModelBackend(entry: { _ in nil }, options: [:]) })
        #expect(error.code == .failedPrecondition)
        #expect(error.message.contains("version 1"))
    }

    @Test func everyDatatypeSurvivesTheInterface() {
        #expect(Set(Datatype.allCases.map(\.abiValue)) == Set(1...14))
        for datatype in Datatype.allCases { #expect(Datatype(abiValue: datatype.abiValue) == datatype) }
        #expect(Datatype(abiValue: 0) == nil)
        #expect(Datatype(abiValue: 15) == nil)
    }
}
