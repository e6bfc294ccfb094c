import Core
import Inference
import Testing

struct TensorTests {
    private func read(_ datatype: Datatype, _ shape: [Int], _ text: String) throws -> Tensor {
        try Tensor.read(name: "X", datatype: datatype, shape: shape, data: JSONParser.parse(text), subject: "model m, input X")
    }

    @Test(arguments: [
        (Datatype.bool, "[true,false,1,0]", "[true,false,true,false]"),
        (.uint8, "[0,255,7,1]", "[0,255,7,1]"), (.int8, "[-128,127,0,1]", "[-128,127,0,1]"),
        (.uint16, "[0,65535,7,1]", "[0,65535,7,1]"), (.int16, "[-32768,32767,0,1]", "[-32768,32767,0,1]"),
        (.uint32, "[0,4294967295,7,1]", "[0,4294967295,7,1]"), (.int32, "[-2147483648,2147483647,0,1]", "[-2147483648,2147483647,0,1]"),
        (.uint64, "[0,9223372036854775807,7,1]", "[0,9223372036854775807,7,1]"),
        (.int64, "[-9223372036854775808,9223372036854775807,0,1.0]", "[-9223372036854775808,9223372036854775807,0,1]"),
        (.fp16, "[0.5,-2,65504,0]", "[0.5,-2.0,65504.0,0.0]"), (.bf16, "[0.5,-2,1.00390625,0]", "[0.5,-2.0,1.0,0.0]"),
        (.fp32, "[0.1,-2,1e38,0]", "[0.1,-2.0,1e+38,0.0]"), (.fp64, "[0.1,-2,1e308,0]", "[0.1,-2.0,1e+308,0.0]"),
        (.bytes, #"["a","","ü\n","\""]"#, #"["a","","ü\n","\""]"#),
    ])
    func jsonRoundTrip(_ datatype: Datatype, _ text: String, _ expected: String) throws {
        let tensor = try read(datatype, [2, 2], text)
        var out: [UInt8] = []
        try tensor.writeJSONData(into: &out)
        #expect(String(decoding: out, as: UTF8.self) == expected)
        #expect(tensor.elementCount == 4)
    }

    @Test(arguments: [
        (Datatype.uint8, "[256]", "256 is no UINT8"), (.uint8, "[-1]", "-1 is no UINT8"), (.int8, "[128]", "128 is no INT8"),
        (.int32, "[1.5]", "1.5 is no INT32"), (.int32, #"["1"]"#, "a string is no INT32"), (.int64, "[9223372036854775808]", "is no INT64"),
        (.uint64, "[18446744073709551615]", "is no UINT64"), (.fp16, "[65520]", "65520 is no FP16"), (.fp32, "[1e39]", "is no FP32"),
        (.fp64, "[null]", "null is no FP64"), (.bool, "[2]", "2 is no BOOL"), (.bytes, "[1]", "1 is no BYTES"), (.bf16, "[3.4e38]", "is no BF16"),
        (.fp32, "[true]", "a boolean is no FP32"),
    ])
    func valuesMustFitTheirType(_ datatype: Datatype, _ text: String, _ message: String) throws {
        let error = try #require(failure { _ = try read(datatype, [1], text) })
        #expect(error.code == .invalidArgument)
        #expect(error.subject == "model m, input X")
        #expect(error.message.hasPrefix("element 0 of data: "))
        #expect(error.message.hasSuffix(message))
    }

    @Test func nestedListsFollowTheShape() throws {
        #expect(try read(.int32, [2, 1, 3], "[[[1,2,3]],[[4,5,6]]]") == read(.int32, [2, 1, 3], "[1,2,3,4,5,6]"))
        #expect(try read(.int32, [], "[5]").values(as: Int32.self) == [5])
        #expect(try read(.int32, [0, 3], "[]").elementCount == 0)
        let cases: [([Int], String, String)] = [
            ([2, 3], "[1,2,3]", "shape [2,3] has 6 elements, data has 3"),
            ([2, 3], "[[1,2,3]]", "asks for 2 elements in dimension 0, a list has 1"),
            ([2, 2], "[[1,2],[3]]", "asks for 2 elements in dimension 1, a list has 1"),
            ([2, 2], "[[1,2],3]", "found a number in dimension 0"),
            ([2, 2], "[[1,2],[3,[4]]]", "element 3 of data: a list is no INT32"),
            ([4], "[[1,2],[3,4]]", "shape [4] has 4 elements, data has 2"),
            ([2], "{}", "data is an object, expected a list"),
            ([1 << 40, 1 << 40], "[1]", "impossible shape"), ([-1], "[1]", "impossible shape"),
            ([1 << 40], "[1]", "data has 1"), ([1, 1 << 40], "[[1]]", "a list has 1"),
        ]
        for (shape, text, message) in cases {
            let error = try #require(failure { _ = try read(.int32, shape, text) }, "\(text)")
            #expect(error.message.contains(message), "\(error.message)")
        }
    }

    @Test func nonFiniteNumbersBecomeNull() throws {
        let tensor = try Tensor(name: "Y", shape: [3], values: [Float.nan, .infinity, 1])
        #expect(try tensor.jsonData() == .array([.null, .null, .double(1)]))
    }

    @Test func textThatIsNotUTF8IsRefused() throws {
        let error = try #require(failure { _ = try Tensor(name: "Y", shape: [1], strings: [[0xff] as [UInt8]]).jsonData() })
        #expect(error.code == .failedPrecondition)
    }

    @Test func bytesMustFitTheShape() throws {
        let buffer = TensorBuffer(count: 7) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
        let error = try #require(failure { _ = try Tensor(name: "X", datatype: .fp32, shape: [2], buffer: buffer) })
        #expect(error.message == "shape [2] of FP32 takes 8 bytes, got 7")
        #expect(failure { _ = try Tensor(name: "X", shape: [3], values: [Float(1)]) } != nil)
        #expect(failure { _ = try Tensor(name: "X", shape: [3], strings: [[UInt8(1)]]) } != nil)
    }
}
