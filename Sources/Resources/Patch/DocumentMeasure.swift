import Core

/// How big a value is: an estimate of its text's size in bytes, its values counted, its levels.
struct DocumentMeasure {
    private(set) var bytes = 0
    private(set) var nodes = 0
    /// 0 for a scalar.
    private(set) var depth = 0
    private let limit: Int

    /// - Parameter limit: bytes above which the count may stop early.
    init(_ value: JSON, limit: Int = .max) {
        self.limit = limit
        add(value, level: 0)
    }

    private mutating func add(_ value: JSON, level: Int) {
        nodes += 1
        depth = max(depth, level)
        switch value {
        case .null, .bool: bytes += 5
        case .int, .double: bytes += 8
        case .string(let text): bytes += text.utf8.count + 3
        case .array(let items):
            bytes += 3
            depth = max(depth, level + 1)
            for item in items where bytes <= limit { add(item, level: level + 1) }
        case .object(let object):
            bytes += 3
            depth = max(depth, level + 1)
            for (key, member) in object where bytes <= limit {
                bytes += key.utf8.count + 4
                add(member, level: level + 1)
            }
        }
    }
}
