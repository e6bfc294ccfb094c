import Core
import Inference
import Testing

struct ValidationTests {
    private let signature = ModelSignature(
        platform: "test",
        inputs: [TensorSpec(name: "X", datatype: .fp32, shape: [-1, 4]), TensorSpec(name: "K", datatype: .int64, shape: [], isOptional: true)],
        outputs: [TensorSpec(name: "Y", datatype: .fp32, shape: [-1, 2])])

    private func message(_ inputs: [Tensor], outputs: [String] = []) -> String? {
        failure { try signature.validate(inputs, outputs: outputs, model: "digits") }?.description
    }

    @Test func acceptsWhatFits() throws {
        let x = try Tensor(name: "X", shape: [3, 4], values: [Float](repeating: 0, count: 12))
        #expect(message([x]) == nil)
        #expect(message([x], outputs: ["Y"]) == nil)
        #expect(message([x, try Tensor(name: "K", shape: [], values: [Int64(1)])]) == nil)
    }

    @Test func namesModelInputExpectedAndGiven() throws {
        let x = try Tensor(name: "X", shape: [3, 4], values: [Float](repeating: 0, count: 12))
        let wide = try Tensor(name: "X", shape: [3, 3], values: [Float](repeating: 0, count: 9))
        let flat = try Tensor(name: "X", shape: [4], values: [Float](repeating: 0, count: 4))
        let double = try Tensor(name: "X", shape: [1, 4], values: [Double](repeating: 0, count: 4))
        let other = try Tensor(name: "Z", shape: [1], values: [Float(0)])
        #expect(message([wide]) == "infer: model digits, input X: expected shape [-1,4], got [3,3]")
        #expect(message([flat]) == "infer: model digits, input X: expected shape [-1,4], got [4]")
        #expect(message([double]) == "infer: model digits, input X: expected datatype FP32, got FP64")
        #expect(message([x, other]) == "infer: model digits, input Z: unknown; the model's inputs are X, K")
        #expect(message([x, x]) == "infer: model digits, input X: given twice")
        #expect(message([]) == "infer: model digits, input X: missing; expected FP32 of shape [-1,4]")
        #expect(message([x], outputs: ["P"]) == "infer: model digits, output P: unknown; the model's outputs are Y")
        #expect(message([x], outputs: ["Y", "Y"]) == "infer: model digits, output Y: asked for twice")
    }
}
