#if FUZZ
/// One thing that is fed arbitrary bytes. A check that fails throws; a trap, or a hang, is found by whoever drives it.
public struct FuzzTarget: Sendable {
    public let name: String
    /// Good and bad inputs to begin with.
    public let seeds: [[UInt8]]
    /// Words that mutators put into inputs.
    public let words: [String]
    /// Longer inputs find little more and take longer.
    public let longest: Int
    /// - Throws: `FuzzFailure` where a rule is broken.
    public let check: @Sendable (UnsafeRawBufferPointer) throws -> Void

    init(
        _ name: String, seeds: [[UInt8]], words: [String] = [], longest: Int = 2048,
        check: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) {
        self.name = name
        self.seeds = seeds
        self.words = words
        self.longest = longest
        self.check = check
    }

    /// Every target. Made once by whoever drives them: some keep an event loop.
    public static func all() throws -> [FuzzTarget] {
        [
            requestTarget(), responseTarget(), try connectionTarget(), try socketTarget(), multipartTarget(), inflateTarget(), decodedBodyTarget(),
            fieldsTarget(), pathTarget(), try http2Target(), try http2RawTarget(), grpcTarget(), jsonTarget(),
        ]
    }
}

public struct FuzzFailure: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// A rule of a target.
func require(_ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String) throws {
    if !condition() { throw FuzzFailure(message()) }
}

extension String {
    var bytes: [UInt8] { Array(utf8) }
    /// Lines that end in CRLF, as a readable seed.
    var wire: [UInt8] { Array(replacing("\n", with: "\r\n").utf8) }
}

extension Array<UInt8> {
    /// Bytes as a readable text, for failures.
    var shown: String {
        map { byte in
            switch byte {
            case 13: "\\r"
            case 10: "\\n"
            case 92: "\\\\"
            case 32...126: String(UnicodeScalar(byte))
            default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
    }
}
#endif
