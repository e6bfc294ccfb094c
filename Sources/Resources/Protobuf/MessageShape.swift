import Core
import Foundation
import OrderedCollections

/// A protobuf message as the JSON object that it stands for: which field is which member, and how its value is written.
struct MessageShape: Sendable {
    indirect enum Kind: Sendable {
        case string
        /// Base64 text.
        case bytes
        case bool
        case int
        case message(MessageShape)
        /// A message whose members are the outer object's own.
        case inlined(MessageShape)
        /// The text in the message's only field, such as an amount.
        case wrapped
        /// RFC 3339; the empty message is the absent time.
        case time
        /// The text of an amount, in the message's only field.
        case quantity
        /// A JSON document in the message's only field.
        case embedded
        case map(Kind)
        case list(Kind)
    }

    struct Member: Sendable {
        var name: String
        var kind: Kind
        /// An empty text, 0 or an empty message is written too; else it stands for the absent member, as Kubernetes' types have no other way to say it.
        var keepsEmpty: Bool

        init(_ name: String, _ kind: Kind, keepsEmpty: Bool = false) {
            self.name = name
            self.kind = kind
            self.keepsEmpty = keepsEmpty
        }
    }

    let members: [Int: Member]
    /// A field that is not known is refused where it says something; else it is passed over.
    let isClosed: Bool

    init(_ members: [Int: Member], isClosed: Bool = false) {
        self.members = members
        self.isClosed = isClosed
    }
}

/// Decodes messages by their shapes. The depth is that of the shapes, which hold no shape within itself.
struct MessageDecoder {
    private var fields = 0

    mutating func object(_ bytes: ArraySlice<UInt8>, _ shape: MessageShape) throws(MonoflowError) -> JSONObject {
        var object: JSONObject = [:], reader = WireReader(bytes)
        while let field = try next(&reader) {
            guard let member = shape.members[field.number] else {
                if shape.isClosed, !Self.isEmpty(field.value) { throw Self.unread(field.number) }
                continue
            }
            switch member.kind {
            case .list(let kind):
                var items: [JSON] = []
                // Taken out, so that appending copies nothing.
                if case .array(let list)? = object.updateValue(.null, forKey: member.name) { items = list }
                items.append(try value(field.value, kind, member.name))
                object[member.name] = .array(items)
            case .map(let kind):
                var pairs: JSONObject = [:]
                if case .object(let map)? = object.updateValue(.null, forKey: member.name) { pairs = map }
                let (key, value) = try entry(field.value, kind, member.name)
                pairs[key] = value
                object[member.name] = .object(pairs)
            case .inlined(let inner):
                object.merge(try self.object(try content(field.value, member.name), inner)) { _, new in new }
            case .message(let inner):
                // A message that comes twice is one message, as the wire format has it.
                let part = try self.object(try content(field.value, member.name), inner)
                let whole = (object[member.name]?.objectValue ?? [:]).merging(part) { _, new in new }
                if !whole.isEmpty || member.keepsEmpty { object[member.name] = .object(whole) }
            default:
                let value = try value(field.value, member.kind, member.name)
                let isEmpty = value == .null || !member.keepsEmpty && (value == "" || value == 0 || value == false)
                if isEmpty { object[member.name] = nil } else { object[member.name] = value }
            }
        }
        return object
    }

    private static func unread(_ number: Int) -> MonoflowError {
        MonoflowError(
            .unsupportedMediaType, "decode protobuf", "field \(number)", "a field of this object is not read as protobuf", hint: "send application/json")
    }

    /// Kubernetes' types write what is not set, too.
    private static func isEmpty(_ value: WireReader.Value) -> Bool {
        switch value {
        case .bytes(let bytes): bytes.isEmpty
        case .varint(let number): number == 0
        default: false
        }
    }

    private mutating func next(_ reader: inout WireReader) throws(MonoflowError) -> WireReader.Field? {
        guard let field = try reader.next() else { return nil }
        fields += 1
        if fields > WireReader.maximumFields { throw WireReader.error("more than \(WireReader.maximumFields) fields") }
        return field
    }

    private mutating func value(_ value: WireReader.Value, _ kind: MessageShape.Kind, _ name: String) throws(MonoflowError) -> JSON {
        switch kind {
        case .string: return .string(try text(try content(value, name), name))
        case .bytes: return .string(Data(try content(value, name)).base64EncodedString())
        case .bool: return .bool(try number(value, name) != 0)
        case .int: return .int(Int64(bitPattern: try number(value, name)))
        case .wrapped: return try object(try content(value, name), MessageShape([1: .init("text", .string)]))["text"] ?? ""
        case .message(let shape): return .object(try object(try content(value, name), shape))
        case .time: return try time(try content(value, name), name)
        case .quantity: return try object(try content(value, name), MessageShape([1: .init("string", .string)]))["string"] ?? "0"
        case .embedded: return try embedded(try content(value, name))
        case .map, .list, .inlined: throw WireReader.error("\(name) cannot be within a list")
        }
    }

    private func content(_ value: WireReader.Value, _ name: String) throws(MonoflowError) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = value else { throw WireReader.error("\(name) is not a field of bytes") }
        return bytes
    }

    private func number(_ value: WireReader.Value, _ name: String) throws(MonoflowError) -> UInt64 {
        guard case .varint(let number) = value else { throw WireReader.error("\(name) is not a field of a number") }
        return number
    }

    private func text(_ bytes: ArraySlice<UInt8>, _ name: String) throws(MonoflowError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw WireReader.error("\(name) is not UTF-8") }
        return text
    }

    private mutating func entry(_ value: WireReader.Value, _ kind: MessageShape.Kind, _ name: String) throws(MonoflowError) -> (String, JSON) {
        var reader = WireReader(try content(value, name)), key = "", content: JSON = ""
        while let field = try next(&reader) {
            switch field.number {
            case 1: key = try text(try self.content(field.value, name), name)
            case 2: content = try self.value(field.value, kind, name)
            default: continue
            }
        }
        return (key, content)
    }

    /// Null for the empty message. Kubernetes' `Time` is of whole seconds.
    private mutating func time(_ bytes: ArraySlice<UInt8>, _ name: String) throws(MonoflowError) -> JSON {
        if bytes.isEmpty { return .null }
        var reader = WireReader(bytes), seconds: Int64 = 0
        while let field = try next(&reader) {
            if field.number == 1 { seconds = Int64(bitPattern: try number(field.value, name)) }
        }
        // From the year 1 to 9999: what RFC 3339 can write.
        guard (-62_135_596_800...253_402_300_799).contains(seconds) else { throw WireReader.error("\(name) is out of the range of times") }
        return .string(Timestamp(milliseconds: seconds * 1000).rfc3339())
    }

    private mutating func embedded(_ bytes: ArraySlice<UInt8>) throws(MonoflowError) -> JSON {
        var reader = WireReader(bytes), document: JSON = .null
        while let field = try next(&reader) {
            if field.number == 1 { document = try JSONParser.parse(try content(field.value, "fieldsV1")) }
        }
        return document
    }
}
