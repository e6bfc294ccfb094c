import Core
import Foundation
import Testing
@testable import Inference

/// What any backend must do, shown with ONNX Runtime and real models. Together these call every slot that
/// `Sources/COnnxRuntime/slots.h` declares; where a slot's effect is not the test's own subject, it is named beside it.
@Suite(.enabled(if: TestRuntime.isAvailable, Comment(rawValue: TestRuntime.reason)))
struct BackendTests {
    /// CreateEnv 3, CreateCpuMemoryInfo 69, GetAllocatorWithDefaultOptions 78, providers 125 and 126.
    @Test func openingTellsVersionAndProviders() throws {
        let library = try #require(TestRuntime.library)
        var backend: ModelBackend? = try ModelBackend.onnxRuntime(library: library)
        #expect(backend?.name == "onnxruntime")
        #expect(backend?.version.hasPrefix("1.") == true)
        #expect(backend?.devices.contains("CPUExecutionProvider") == true)
        backend = nil  // ReleaseEnv 92, ReleaseMemoryInfo 94; the shared one still works
        #expect(try TestRuntime.model("scalar").signature.inputs.count == 1)
    }

    /// Counts 30 31, type infos 33 34, names 36 37, 76, 55, 56, 60…63, 98.
    @Test func describesInputsAndOutputs() throws {
        let linear = try TestRuntime.model("linear").signature
        #expect(linear == ModelSignature(
            platform: "onnxruntime_onnx", inputs: [TensorSpec(name: "X", datatype: .fp32, shape: [-1, 4])],
            outputs: [TensorSpec(name: "Y", datatype: .fp32, shape: [-1, 2])], isBatched: true))
        let pair = try TestRuntime.model("sum_difference").signature
        #expect(pair.inputs.map(\.name) == ["A", "B"])
        #expect(pair.outputs.map(\.name) == ["SUM", "DIFFERENCE"])
        #expect(pair.inputs.map(\.shape) == [[2, 3], [2, 3]])
        #expect(!pair.isBatched)
        #expect(try !TestRuntime.model("two_lengths").signature.isBatched, "different symbolic names are different extents")
        #expect(try TestRuntime.model("scalar").signature.inputs[0].shape == [])
    }

    /// CreateSession 7, Run 9, CreateTensorWithDataAsOrtValue 49, GetTensorMutableData 51, 64, 65, 96, 99.
    @Test(arguments: Datatype.allCases.filter { $0 != .bytes })
    func identityReturnsTheSameBytes(_ datatype: Datatype) throws {
        let model = try TestRuntime.model("identity_" + datatype.rawValue.lowercased())
        #expect(model.signature.inputs == [TensorSpec(name: "X", datatype: datatype, shape: [-1, 3])])
        let size = try #require(datatype.elementSize)
        for rows in [1, 5, 0] {
            let bytes = (0..<rows * 3 * size).map { datatype == .bool ? UInt8($0 & 1) : UInt8(truncatingIfNeeded: $0 * 37 + 1) }
            let buffer = bytes.withUnsafeBytes { TensorBuffer(copying: $0) }
            let input = try Tensor(name: "X", datatype: datatype, shape: [rows, 3], buffer: buffer)
            let outputs = try model.execute([input], outputs: [])
            #expect(outputs.count == 1)
            #expect(outputs[0].name == "Y")
            #expect(outputs[0].shape == [rows, 3])
            #expect(outputs[0].datatype == datatype)
            #expect(Array(outputs[0].buffer.bytes) == bytes)
        }
    }

    /// CreateTensorAsOrtValue 48, GetResizedStringTensorElementBuffer 252, string reads 53 and 54.
    @Test func stringsKeepEveryByte() throws {
        let model = try TestRuntime.model("identity_bytes")
        let strings: [[UInt8]] = [Array("häuser".utf8), [], [0, 1, 0, 255], Array(repeating: 65, count: 100_000), [0], Array("z".utf8)]
        let outputs = try model.execute([Tensor(name: "X", shape: [2, 3], strings: strings)], outputs: ["Y"])
        #expect(outputs[0].byteStrings() == strings)
        #expect(outputs[0].shape == [2, 3])
        let none = try model.execute([Tensor(name: "X", shape: [0, 3], strings: [[UInt8]]())], outputs: [])
        #expect(none[0].byteStrings() == [])
    }

    @Test func computesWithAnyBatch() throws {
        let model = try TestRuntime.model("linear")
        for rows in [1, 2, 33] {
            let values = (0..<rows * 4).map { Float($0) }
            let output = try model.execute([Tensor(name: "X", shape: [rows, 4], values: values)], outputs: [])[0]
            let expected: [Float] = (0..<rows).flatMap { row in
                let x = values[row * 4..<row * 4 + 4].map { $0 }
                return [x[0] + 2 * x[2] + 0.5, x[1] + 2 * x[3] - 0.5]
            }
            #expect(output.values(as: Float.self) == expected)
        }
        let scalar = try TestRuntime.model("scalar").execute([Tensor(name: "X", shape: [], values: [Float(3)])], outputs: [])
        #expect(scalar[0].values(as: Float.self) == [-3])
        #expect(scalar[0].shape == [])
    }

    @Test func answersTheOutputsAskedForInTheirOrder() throws {
        let model = try TestRuntime.model("sum_difference")
        let b = try Tensor(name: "B", shape: [2, 3], values: [Int32](repeating: 1, count: 6))
        let a = try Tensor(name: "A", shape: [2, 3], values: [Int32](10..<16))
        let both = try model.execute([b, a], outputs: ["DIFFERENCE", "SUM"])
        #expect(both.map(\.name) == ["DIFFERENCE", "SUM"])
        #expect(both[0].values(as: Int32.self) == [9, 10, 11, 12, 13, 14])
        #expect(both[1].values(as: Int32.self) == [11, 12, 13, 14, 15, 16])
        #expect(try model.execute([a, b], outputs: ["SUM"]).map(\.name) == ["SUM"])
    }

    /// GetErrorCode 1, GetErrorMessage 2, ReleaseStatus 93.
    @Test func failuresOfARunComeBackAsErrors() throws {
        let model = try TestRuntime.model("lookup")
        let error = try #require(failure { _ = try model.execute([Tensor(name: "I", shape: [1], values: [Int64(7)])], outputs: []) })
        #expect(error.code == .invalidArgument)
        #expect(error.subject == "model lookup version 1")
        #expect(error.message.contains("out of data bounds"))
        let good = try model.execute([Tensor(name: "I", shape: [2], values: [Int64(2), 0])], outputs: [])
        #expect(good[0].values(as: Float.self) == [30, 10], "the model serves on")
    }

    @Test func outputsOutliveTheModel() throws {
        var model: (any LoadedModel)? = try TestRuntime.model("expand")
        let output = try #require(try model?.execute([Tensor(name: "X", shape: [1], values: [Float(1.5)])], outputs: [])).first
        model = nil
        #expect(output?.values(as: Float.self) == [Float](repeating: 1.5, count: 262_144))
    }

    /// Release* 95, 96, 98, 99, 100: two thousand megabytes of answers and 100 sessions leave no trace.
    @Test func memoryIsGivenBack() throws {
        func residentMegabytes() throws -> Int {
            let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
            return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) >> 20
        }
        let model = try TestRuntime.model("expand")
        let input = try Tensor(name: "X", shape: [1], values: [Float(1)])
        _ = try model.execute([input], outputs: [])
        let before = try residentMegabytes()
        for _ in 0..<2000 { _ = try model.execute([input], outputs: []) }
        for _ in 0..<100 { _ = try TestRuntime.model("linear") }
        #expect(try residentMegabytes() - before < 1000, "tests beside this one take some too")
    }
}
