import Core

/// A named array in row-major order. Its bytes always fit its datatype and shape: the initialisers hold that.
public struct Tensor: Sendable {
    public var name: String
    public let datatype: Datatype
    /// Extents, none negative; empty for a scalar.
    public let shape: [Int]
    /// Numbers: the elements in the machine's byte order. `BYTES`: the text of all elements, one after the other.
    public let buffer: TensorBuffer
    /// `BYTES` only: element `i` is `buffer.bytes[offsets[i]..<offsets[i + 1]]`; else empty.
    public let offsets: [Int]

    public var elementCount: Int { shape.reduce(1, *) }

    /// - Throws: `invalidArgument` where the number of bytes is not shape × element size, or for `BYTES`.
    public init(name: String, datatype: Datatype, shape: [Int], buffer: TensorBuffer) throws(MonoflowError) {
        guard let size = datatype.elementSize else {
            throw MonoflowError(.invalidArgument, "make tensor", name, "BYTES needs the elements' offsets")
        }
        let count = try Self.elementCount(of: shape, name: name)
        let (expected, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow, expected == buffer.bytes.count else {
            throw MonoflowError(
                .invalidArgument, "make tensor", name,
                "shape \(Self.describe(shape)) of \(datatype.rawValue) takes \(overflow ? "too many" : "\(expected)") bytes, got \(buffer.bytes.count)")
        }
        (self.name, self.datatype, self.shape, self.buffer, offsets) = (name, datatype, shape, buffer, [])
    }

    /// - Throws: `invalidArgument` where the number of values is not the shape's.
    public init<Element: TensorElement>(name: String, shape: [Int], values: [Element]) throws(MonoflowError) {
        let buffer = values.withUnsafeBytes { TensorBuffer(copying: $0) }
        try self.init(name: name, datatype: Element.datatype, shape: shape, buffer: buffer)
    }

    /// A `BYTES` tensor. - Throws: `invalidArgument` where the number of elements is not the shape's.
    public init(name: String, shape: [Int], strings: [some Collection<UInt8>]) throws(MonoflowError) {
        guard try Self.elementCount(of: shape, name: name) == strings.count else {
            throw MonoflowError(.invalidArgument, "make tensor", name, "shape \(Self.describe(shape)) does not fit \(strings.count) elements")
        }
        var offsets = [0], total = 0
        offsets.reserveCapacity(strings.count + 1)
        for string in strings {
            total += string.count
            offsets.append(total)
        }
        buffer = TensorBuffer(count: total) { memory in
            var at = 0
            for string in strings {
                UnsafeMutableRawBufferPointer(rebasing: memory[at...]).copyBytes(from: string)
                at += string.count
            }
        }
        (self.name, datatype, self.shape, self.offsets) = (name, .bytes, shape, offsets)
    }

    /// The product of the extents. - Throws: `invalidArgument` for a negative extent or a product beyond 64 bits.
    public static func elementCount(of shape: [Int], name: String) throws(MonoflowError) -> Int {
        var count = 1
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else {
                throw MonoflowError(.invalidArgument, "make tensor", name, "impossible shape \(describe(shape))")
            }
            count = product
        }
        return count
    }

    /// `[-1,64]`
    public static func describe(_ shape: [Int]) -> String { "[" + shape.map(String.init).joined(separator: ",") + "]" }
}

extension Tensor {
    /// The elements; nil where the tensor holds another type.
    public func values<Element: TensorElement>(as type: Element.Type = Element.self) -> [Element]? {
        guard Element.datatype == datatype else { return nil }
        return withExtendedLifetime(buffer) { Array(buffer.bytes.bindMemory(to: Element.self)) }
    }

    /// The elements of a `BYTES` tensor; nil for other types.
    public func byteStrings() -> [[UInt8]]? {
        guard datatype == .bytes else { return nil }
        return withExtendedLifetime(buffer) { (0..<elementCount).map { Array(buffer.bytes[offsets[$0]..<offsets[$0 + 1]]) } }
    }
}

extension Tensor: Equatable {
    /// Same name, datatype, shape and bytes; two NaNs with the same bits are equal.
    public static func == (a: Tensor, b: Tensor) -> Bool {
        a.name == b.name && a.datatype == b.datatype && a.shape == b.shape && a.offsets == b.offsets
            && a.buffer.bytes.elementsEqual(b.buffer.bytes)
    }
}
