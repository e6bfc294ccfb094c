import Core

/// How far a coded request body may grow when it is decoded.
public struct DecodingLimits: Sendable {
    /// More decoded bytes for a coded one than this is a decompression bomb (413) …
    public var ratio: Int64 = 100
    /// … beyond this many decoded bytes: small bodies may be as repetitive as they like.
    public var unmeasuredBytes: Int64 = 1 << 20
    /// Codings applied one over the other; more are refused with 415.
    public var codings = 2

    public init() {}

    /// - Parameters:
    ///   - made: decoded bytes so far, of any of the codings: an inner one can swallow what an outer one has blown up.
    ///   - coded: the bytes they came from, as they were on the wire.
    func check(_ made: Int64, from coded: Int64) throws(MonoflowError) {
        guard made > unmeasuredBytes, made / ratio > coded else { return }
        throw MonoflowError(
            .payloadTooLarge, "decode body", "", "it grows to more than \(ratio) times its size", hint: "send it without a content coding")
    }
}

/// A body with its content codings, to be decoded while it is read. Each step makes at most 64 KiB, so that memory does
/// not grow with what the body becomes.
final class DecodedBody: Sendable {
    let coded: HTTPBody
    /// In the order in which they were applied.
    let codings: [ContentCoding]
    let limits: DecodingLimits

    init(_ coded: HTTPBody, _ codings: [ContentCoding], limits: DecodingLimits) {
        self.coded = coded
        self.codings = codings
        self.limits = limits
    }
}

/// One reading of a `DecodedBody`. Belongs to one task.
final class DecodedBodyReader {
    private struct Stage {
        let inflater: Inflater
        var input: [UInt8] = []
        var at = 0
        /// Whether the last step stopped at its bound.
        var isFull = false
        var made: Int64 = 0
    }

    private static let step = 64 << 10

    private var chunks: HTTPBody.Iterator
    /// The coding applied last comes first.
    private var stages: [Stage] = []
    private let codings: [ContentCoding]
    private let limits: DecodingLimits
    private var coded: Int64 = 0
    private var isAtEnd = false

    init(_ body: DecodedBody) {
        chunks = body.coded.makeAsyncIterator()
        codings = body.codings
        limits = body.limits
    }

    /// Nil at the end; a body of no bytes at all is empty whatever its codings.
    /// - Throws: `invalidArgument` for damaged data, bytes behind the end, or an early end; `payloadTooLarge` for a bomb; else as
    ///   the coded body.
    func next() async throws -> [UInt8]? {
        if isAtEnd { return nil }
        if stages.isEmpty { stages = try codings.reversed().map { Stage(inflater: try Inflater($0.format)) } }
        if let chunk = try await output(of: stages.count - 1) { return chunk }
        isAtEnd = true
        return nil
    }

    private func output(of index: Int) async throws -> [UInt8]? {
        while true {
            if stages[index].isFull || stages[index].at < stages[index].input.count {
                if let made = try inflate(index) { return made }
                continue
            }
            guard let chunk = index == 0 ? try await chunks.next() : try await output(of: index - 1) else {
                if coded > 0 { try stages[index].inflater.finish() }
                return nil
            }
            if index == 0 { coded += Int64(chunk.count) }
            stages[index].input = chunk
            stages[index].at = 0
        }
    }

    private func inflate(_ index: Int) throws(MonoflowError) -> [UInt8]? {
        var out: [UInt8] = []
        let (inflater, at) = (stages[index].inflater, stages[index].at)
        let result = stages[index].input.withUnsafeBytes { bytes in
            Result { () throws(MonoflowError) in
                try inflater.read(UnsafeRawBufferPointer(rebasing: bytes[at...]), into: &out, bound: Self.step)
            }
        }
        let step = try result.get()
        stages[index].at += step.consumed
        stages[index].isFull = step.isFull
        stages[index].made += Int64(out.count)
        try limits.check(stages[index].made, from: coded)
        return out.isEmpty ? nil : out
    }
}
