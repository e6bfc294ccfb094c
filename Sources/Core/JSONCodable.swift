import Foundation

/// Codable bridges for records that are stored as JSON text in a column.
extension JSON: Codable {
    public init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() { self = .null }
        else if let v = try? single.decode(Bool.self) { self = .bool(v) }
        else if let v = try? single.decode(Int64.self) { self = .int(v) }
        else if let v = try? single.decode(Double.self) { self = .double(v) }
        else if let v = try? single.decode(String.self) { self = .string(v) }
        else if let v = try? single.decode([JSON].self) { self = .array(v) }
        else {
            let pairs = try single.decode([String: JSON].self)
            self = .object(JSONObject(uniqueKeysWithValues: pairs.keys.sorted().map { ($0, pairs[$0]!) }))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        switch self {
        case .null: try single.encodeNil()
        case .bool(let v): try single.encode(v)
        case .int(let v): try single.encode(v)
        case .double(let v): try single.encode(v)
        case .string(let v): try single.encode(v)
        case .array(let v): try single.encode(v)
        case .object(let v): try single.encode(Dictionary(uniqueKeysWithValues: v.map { ($0.key, $0.value) }))
        }
    }
}

public enum JSONText {
    public static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    public static func decode<T: Decodable>(_ type: T.Type, from text: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
