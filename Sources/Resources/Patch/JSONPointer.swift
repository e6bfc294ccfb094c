import Core

/// A place in a document after RFC 6901: `/spec/containers/0/name`; the empty text is the whole document. `~1` stands for `/` and `~0` for `~`.
public struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    /// Member names and indices, without their escapes.
    public let tokens: [String]

    public init(tokens: [String]) { self.tokens = tokens }

    /// - Throws: `invalidArgument` where the text does not begin with `/`, or a `~` stands before anything but `0` and `1`.
    public init(_ text: String) throws(MonoflowError) {
        let bytes = text.utf8
        guard let first = bytes.first else {
            tokens = []
            return
        }
        func error(_ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "read JSON pointer", "\"\(text)\"", message) }
        guard first == UInt8(ascii: "/") else { throw error("a pointer is empty or begins with '/'") }
        var tokens: [String] = []
        for part in bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard part.contains(UInt8(ascii: "~")) else {
                tokens.append(String(Substring(part)))
                continue
            }
            var token: [UInt8] = []
            var rest = part.makeIterator()
            while let byte = rest.next() {
                guard byte == UInt8(ascii: "~") else {
                    token.append(byte)
                    continue
                }
                switch rest.next() {
                case UInt8(ascii: "0"): token.append(UInt8(ascii: "~"))
                case UInt8(ascii: "1"): token.append(UInt8(ascii: "/"))
                default: throw error("'~' is written '~0' and '/' is written '~1'")
                }
            }
            tokens.append(String(decoding: token, as: UTF8.self))
        }
        self.tokens = tokens
    }

    public var description: String {
        var bytes: [UInt8] = []
        for token in tokens {
            bytes.append(UInt8(ascii: "/"))
            for byte in token.utf8 {
                switch byte {
                case UInt8(ascii: "~"): bytes.append(contentsOf: "~0".utf8)
                case UInt8(ascii: "/"): bytes.append(contentsOf: "~1".utf8)
                default: bytes.append(byte)
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the other place is inside of this one.
    public func isProperPrefix(of other: JSONPointer) -> Bool {
        tokens.count < other.tokens.count && other.tokens.starts(with: tokens)
    }

    /// The value at the place; nil where there is none.
    public func value(in document: JSON) -> JSON? {
        var current = document
        for token in tokens {
            switch current {
            case .object(let object):
                guard let next = object[token] else { return nil }
                current = next
            case .array(let items):
                guard let index = Self.index(token), index < items.count else { return nil }
                current = items[index]
            default: return nil
            }
        }
        return current
    }

    /// The index that a token names: digits without leading zeros. Nil for others, `-` among them.
    static func index(_ token: String) -> Int? {
        let digits = token.utf8
        guard !digits.isEmpty, digits.count <= 9, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }), digits.count == 1 || digits.first != 48 else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}
