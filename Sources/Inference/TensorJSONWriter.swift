import Core

extension Tensor {
    /// Appends the elements as a flat JSON list in row-major order. Floats are written with the fewest digits that
    /// read back as the same value of their type; NaN and infinities, which JSON has not, become `null`.
    /// `BYTES` elements are written as strings.
    /// - Throws: `failedPrecondition` for a `BYTES` element that is not UTF-8, which JSON cannot carry.
    public func writeJSONData(into out: inout [UInt8]) throws(MonoflowError) {
        out.append(UInt8(ascii: "["))
        switch datatype {
        case .bool: write(UInt8.self, into: &out) { $0 == 0 ? "false" : "true" }
        case .uint8: write(UInt8.self, into: &out) { $0.description }
        case .uint16: write(UInt16.self, into: &out) { $0.description }
        case .uint32: write(UInt32.self, into: &out) { $0.description }
        case .uint64: write(UInt64.self, into: &out) { $0.description }
        case .int8: write(Int8.self, into: &out) { $0.description }
        case .int16: write(Int16.self, into: &out) { $0.description }
        case .int32: write(Int32.self, into: &out) { $0.description }
        case .int64: write(Int64.self, into: &out) { $0.description }
        case .fp16: write(Float16.self, into: &out) { $0.isFinite ? $0.description : "null" }
        case .bf16:
            write(UInt16.self, into: &out) {
                let value = Float(bitPattern: UInt32($0) << 16)
                return value.isFinite ? value.description : "null"
            }
        case .fp32: write(Float.self, into: &out) { $0.isFinite ? $0.description : "null" }
        case .fp64: write(Double.self, into: &out) { $0.isFinite ? $0.description : "null" }
        case .bytes: try writeStrings(into: &out)
        }
        out.append(UInt8(ascii: "]"))
    }

    /// The same as a value.
    public func jsonData() throws(MonoflowError) -> JSON {
        var text: [UInt8] = []
        try writeJSONData(into: &text)
        return try JSONParser.parse(text)
    }

    private func write<Element: BitwiseCopyable>(
        _ type: Element.Type, into out: inout [UInt8], _ text: (Element) -> String
    ) {
        withExtendedLifetime(buffer) {
            let elements = buffer.bytes.bindMemory(to: Element.self)
            out.reserveCapacity(out.count + elements.count * 8)
            for index in elements.indices {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                out.append(contentsOf: text(elements[index]).utf8)
            }
        }
    }

    private func writeStrings(into out: inout [UInt8]) throws(MonoflowError) {
        for (index, element) in (byteStrings() ?? []).enumerated() {
            guard let text = String(validating: element, as: UTF8.self) else {
                throw MonoflowError(.failedPrecondition, "write tensor", name, "element \(index) is not UTF-8 text, which JSON cannot carry",
                    hint: "ask for the output as binary data")
            }
            if index > 0 { out.append(UInt8(ascii: ",")) }
            JSON.string(text).write(into: &out)
        }
    }
}
