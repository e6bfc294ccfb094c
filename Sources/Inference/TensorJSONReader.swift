import Core

extension Tensor {
    /// Reads the `data` of a JSON tensor: a flat list in row-major order, or lists nested as the shape says.
    /// `BOOL` takes true, false, 0 and 1; integers must fit their type; `BYTES` takes strings.
    /// - Parameter subject: where the tensor stands, e.g. `model digits, input X`.
    /// - Throws: `invalidArgument` that names the first element which does not fit.
    public static func read(
        name: String, datatype: Datatype, shape: [Int], data: JSON, subject: String
    ) throws(MonoflowError) -> Tensor {
        guard case .array(let list) = data else {
            throw MonoflowError(.invalidArgument, "read tensor", subject, "data is \(data.kindName), expected a list")
        }
        let count = try elementCount(of: shape, name: name)
        let reader = TensorJSONReader(subject: subject, shape: shape, datatype: datatype)
        var elements = list
        if shape.count > 1, case .array? = list.first {
            elements = []
            try reader.flatten(list, depth: 0, into: &elements)
        }
        // Before any memory is taken: a shape may claim more elements than the request has bytes.
        guard elements.count == count else {
            throw MonoflowError(.invalidArgument, "read tensor", subject,
                "shape \(describe(shape)) has \(count) elements, data has \(elements.count)")
        }
        return try reader.tensor(name, elements)
    }
}

struct TensorJSONReader {
    let subject: String
    let shape: [Int]
    let datatype: Datatype

    func flatten(_ list: [JSON], depth: Int, into out: inout [JSON]) throws(MonoflowError) {
        guard list.count == shape[depth] else {
            throw MonoflowError(.invalidArgument, "read tensor", subject,
                "shape \(Tensor.describe(shape)) asks for \(shape[depth]) elements in dimension \(depth), a list has \(list.count)")
        }
        if depth == shape.count - 1 { return out.append(contentsOf: list) }
        for item in list {
            guard case .array(let inner) = item else {
                throw MonoflowError(.invalidArgument, "read tensor", subject,
                    "found \(item.kindName) in dimension \(depth), expected a list as shape \(Tensor.describe(shape)) says")
            }
            try flatten(inner, depth: depth + 1, into: &out)
        }
    }

    func tensor(_ name: String, _ elements: [JSON]) throws(MonoflowError) -> Tensor {
        switch datatype {
        case .bool: return try numbers(name, elements, Self.bool)
        case .uint8: return try numbers(name, elements, Self.integer(UInt8.self))
        case .uint16: return try numbers(name, elements, Self.integer(UInt16.self))
        case .uint32: return try numbers(name, elements, Self.integer(UInt32.self))
        case .uint64: return try numbers(name, elements, Self.integer(UInt64.self))
        case .int8: return try numbers(name, elements, Self.integer(Int8.self))
        case .int16: return try numbers(name, elements, Self.integer(Int16.self))
        case .int32: return try numbers(name, elements, Self.integer(Int32.self))
        case .int64: return try numbers(name, elements, Self.integer(Int64.self))
        case .fp16: return try numbers(name, elements, Self.float(Float16.self))
        case .bf16: return try numbers(name, elements, Self.brainFloat)
        case .fp32: return try numbers(name, elements, Self.float(Float.self))
        case .fp64: return try numbers(name, elements, Self.float(Double.self))
        case .bytes:
            var strings: [String.UTF8View] = []
            strings.reserveCapacity(elements.count)
            for (index, element) in elements.enumerated() {
                guard case .string(let text) = element else { throw misfit(index, element) }
                strings.append(text.utf8)
            }
            return try Tensor(name: name, shape: shape, strings: strings)
        }
    }

    private func numbers<Element: BitwiseCopyable>(
        _ name: String, _ elements: [JSON], _ convert: (JSON) -> Element?
    ) throws(MonoflowError) -> Tensor {
        let bytes = elements.count * MemoryLayout<Element>.size
        let buffer = try TensorBuffer(count: bytes) { (memory: UnsafeMutableRawBufferPointer) throws(MonoflowError) in
            let out = memory.bindMemory(to: Element.self)
            for index in elements.indices {
                guard let value = convert(elements[index]) else { throw misfit(index, elements[index]) }
                out[index] = value
            }
        }
        return try Tensor(name: name, datatype: datatype, shape: shape, buffer: buffer)
    }

    private func misfit(_ index: Int, _ value: JSON) -> MonoflowError {
        let shown: String = switch value {
        case .int, .double: value.text()
        default: value.kindName
        }
        return MonoflowError(.invalidArgument, "read tensor", subject, "element \(index) of data: \(shown) is no \(datatype.rawValue)")
    }

    private static func bool(_ value: JSON) -> UInt8? {
        switch value {
        case .bool(let v): v ? 1 : 0
        case .int(0): 0
        case .int(1): 1
        default: nil
        }
    }

    /// Integers beyond 63 bits have lost digits when JSON was parsed, so they are refused rather than rounded.
    private static func integer<T: FixedWidthInteger>(_ type: T.Type) -> (JSON) -> T? {
        { $0.intValue.flatMap { T(exactly: $0) } }
    }

    /// Rounds to the nearest value of the type; beyond its range is no value of it.
    private static func float<T: BinaryFloatingPoint>(_ type: T.Type) -> (JSON) -> T? {
        { json in
            guard let number = json.doubleValue, case let value = T(number), value.isFinite else { return nil }
            return value
        }
    }

    /// The upper half of a Float, rounded to nearest, ties to even.
    private static func brainFloat(_ json: JSON) -> UInt16? {
        guard let number = json.doubleValue, case let value = Float(number), value.isFinite else { return nil }
        let bits = value.bitPattern
        let rounded = UInt16((bits + 0x7fff + (bits >> 16 & 1)) >> 16)
        return rounded & 0x7f80 == 0x7f80 ? nil : rounded
    }
}
