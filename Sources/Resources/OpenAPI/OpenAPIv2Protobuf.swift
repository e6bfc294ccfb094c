import Core

/// Writes an OpenAPI 2.0 document as the protobuf message `openapi.v2.Document`, which kubectl up to 1.27 asks for. Field numbers are those of
/// gnostic's `OpenAPIv2.proto`. What `OpenAPIDocuments.swagger` writes is written here; members that it never has are left out.
public enum OpenAPIv2Protobuf {
    /// The `Content-Type` of the answer. Go's clients cannot read the name that they ask by.
    public static let mediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    /// The names by which clients ask for it in `Accept`.
    public static let acceptedMediaTypes = ["application/com.github.proto-openapi.spec.v2@v1.0+protobuf", mediaType]

    public static func encode(_ swagger: JSON) -> [UInt8] {
        var document = MessageWriter()
        document.text(1, swagger["swagger"])
        if let info = swagger["info"] {
            document.message(2) {
                $0.text(1, info["title"])
                $0.text(2, info["version"])
                $0.text(3, info["description"])
            }
        }
        document.message(8) { paths in
            for (path, item) in swagger["paths"]?.objectValue ?? [:] { paths.named(2, path) { write(pathItem: item, into: &$0) } }
        }
        document.message(9) { definitions in
            for (name, schema) in swagger["definitions"]?.objectValue ?? [:] { definitions.named(1, name) { write(schema: schema, into: &$0) } }
        }
        return document.bytes
    }

    private static let methods: [(name: String, field: Int)] = [("get", 2), ("put", 3), ("post", 4), ("delete", 5), ("options", 6), ("head", 7), ("patch", 8)]

    private static func write(pathItem item: JSON, into out: inout MessageWriter) {
        for (method, field) in methods {
            guard let operation = item[method] else { continue }
            out.message(field) { write(operation: operation, into: &$0) }
        }
        for parameter in item["parameters"]?.arrayValue ?? [] { out.message(9) { write(parameter: parameter, into: &$0) } }
    }

    private static func write(operation: JSON, into out: inout MessageWriter) {
        out.texts(1, operation["tags"])
        out.text(3, operation["description"])
        out.text(5, operation["operationId"])
        out.texts(6, operation["produces"])
        out.texts(7, operation["consumes"])
        for parameter in operation["parameters"]?.arrayValue ?? [] { out.message(8) { write(parameter: parameter, into: &$0) } }
        out.message(9) { responses in
            for (code, response) in operation["responses"]?.objectValue ?? [:] {
                responses.named(1, code) { value in
                    value.message(1) { write(response: response, into: &$0) }
                }
            }
        }
        out.texts(10, operation["schemes"])
        out.extensions(13, of: operation)
    }

    private static func write(response: JSON, into out: inout MessageWriter) {
        out.text(1, response["description"])
        guard let schema = response["schema"] else { return }
        out.message(2) { item in item.message(1) { write(schema: schema, into: &$0) } }
    }

    /// `ParametersItem`: a choice within a choice.
    private static func write(parameter: JSON, into out: inout MessageWriter) {
        out.message(1) { choice in
            switch parameter["in"] {
            case "body":
                choice.message(1) { body in
                    body.text(1, parameter["description"])
                    body.text(2, parameter["name"])
                    body.text(3, parameter["in"])
                    body.bool(4, parameter["required"])
                    if let schema = parameter["schema"] { body.message(5) { write(schema: schema, into: &$0) } }
                }
            case "query": choice.message(2) { inner in inner.message(3) { writeSimple(parameter, typeField: 6, uniqueField: 20, into: &$0) } }
            default: choice.message(2) { inner in inner.message(4) { writeSimple(parameter, typeField: 5, uniqueField: 19, into: &$0) } }
            }
        }
    }

    /// Parameters of a path and of a query differ in a few numbers.
    private static func writeSimple(_ parameter: JSON, typeField: Int, uniqueField: Int, into out: inout MessageWriter) {
        out.bool(1, parameter["required"])
        out.text(2, parameter["in"])
        out.text(3, parameter["description"])
        out.text(4, parameter["name"])
        out.text(typeField, parameter["type"])
        out.bool(uniqueField, parameter["uniqueItems"])
    }

    private static func write(schema: JSON, into out: inout MessageWriter) {
        out.text(1, schema["$ref"])
        out.text(2, schema["format"])
        out.text(4, schema["description"])
        if let fallback = schema["default"] { out.any(5, fallback) }
        out.texts(19, schema["required"])
        for value in schema["enum"]?.arrayValue ?? [] { out.any(20, value) }
        if let additional = schema["additionalProperties"] {
            out.message(21) { item in
                if additional.boolValue != nil { item.bool(2, additional) } else { item.message(1) { write(schema: additional, into: &$0) } }
            }
        }
        if let type = schema["type"] { out.message(22) { $0.text(1, type) } }
        if let items = schema["items"] { out.message(23) { list in list.message(1) { write(schema: items, into: &$0) } } }
        for part in schema["allOf"]?.arrayValue ?? [] { out.message(24) { write(schema: part, into: &$0) } }
        if let properties = schema["properties"]?.objectValue {
            out.message(25) { list in
                for (name, property) in properties { list.named(1, name) { write(schema: property, into: &$0) } }
            }
        }
        out.extensions(31, of: schema)
    }
}

/// Writes the fields of a protobuf message. Absent values are left out, as proto3 has it for empty ones too.
struct MessageWriter {
    private(set) var bytes: [UInt8] = []

    mutating func text(_ field: Int, _ value: JSON?) {
        if let text = value?.stringValue, !text.isEmpty { content(field, Array(text.utf8)) }
    }

    mutating func texts(_ field: Int, _ list: JSON?) {
        for item in list?.arrayValue ?? [] { if let text = item.stringValue { content(field, Array(text.utf8)) } }
    }

    mutating func bool(_ field: Int, _ value: JSON?) {
        guard value == true else { return }
        varint(UInt64(field) << 3)
        bytes.append(1)
    }

    mutating func message(_ field: Int, _ build: (inout MessageWriter) -> Void) {
        var inner = MessageWriter()
        build(&inner)
        content(field, inner.bytes)
    }

    /// A pair of a name and a message: gnostic's maps, in their order.
    mutating func named(_ field: Int, _ name: String, _ build: (inout MessageWriter) -> Void) {
        message(field) { pair in
            pair.text(1, .string(name))
            pair.message(2, build)
        }
    }

    /// A value of any kind, as YAML; JSON is that.
    mutating func any(_ field: Int, _ value: JSON) { message(field) { $0.content(2, value.serialized() + [10]) } }

    /// The members whose name begins with `x-`.
    mutating func extensions(_ field: Int, of object: JSON) {
        for (name, value) in object.objectValue ?? [:] where name.hasPrefix("x-") {
            message(field) { pair in
                pair.text(1, .string(name))
                pair.any(2, value)
            }
        }
    }

    private mutating func content(_ field: Int, _ content: [UInt8]) {
        varint(UInt64(field) << 3 | 2)
        varint(UInt64(content.count))
        bytes += content
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest > 0x7f {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
