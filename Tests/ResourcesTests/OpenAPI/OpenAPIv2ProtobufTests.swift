import Core
@testable import Resources
import Testing

@Suite struct OpenAPIv2ProtobufTests {
    /// The fields of a message: number and content, numbers as one byte.
    private func fields(_ bytes: ArraySlice<UInt8>) throws -> [(Int, ArraySlice<UInt8>)] {
        var reader = WireReader(bytes), result: [(Int, ArraySlice<UInt8>)] = []
        while let field = try reader.next() {
            switch field.value {
            case .bytes(let content): result.append((field.number, content))
            case .varint(let number): result.append((field.number, [UInt8(truncatingIfNeeded: number)]))
            default: Issue.record("field \(field.number) is of an unexpected type")
            }
        }
        return result
    }

    private func content(_ bytes: ArraySlice<UInt8>, _ path: Int...) throws -> ArraySlice<UInt8>? {
        var bytes = bytes
        for number in path {
            guard let next = try fields(bytes).first(where: { $0.0 == number }) else { return nil }
            bytes = next.1
        }
        return bytes
    }

    private func text(_ bytes: ArraySlice<UInt8>?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test func document() throws {
        let bytes = OpenAPIv2Protobuf.encode(OpenAPIDocuments(KindTable(), version: "1").swagger())[...]
        #expect(try text(content(bytes, 1)) == "2.0" && text(content(bytes, 2, 1)) == "Monoflow" && text(content(bytes, 2, 2)) == "1")
        #expect(try text(content(bytes, 8, 2, 1)) == "/api/v1/namespaces" && text(content(bytes, 9, 1, 1)) == "io.k8s.api.core.v1.Namespace")
        // The second path: patch of a namespace, whose extensions and parameters kubectl looks through.
        let paths = try fields(#require(try content(bytes, 8))).filter { $0.0 == 2 }
        #expect(try text(content(paths[1].1, 1)) == "/api/v1/namespaces/{name}")
        let patch = try #require(try content(paths[1].1, 2, 8))
        let extensions = try fields(patch).filter { $0.0 == 13 }
        #expect(try text(content(extensions[1].1, 1)) == "x-kubernetes-group-version-kind")
        #expect(try text(content(extensions[1].1, 2, 2)) == "{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Namespace\"}\n")
        let parameters = try fields(patch).filter { $0.0 == 8 }
        #expect(try parameters.prefix(4).map { try text(content($0.1, 1, 2, 3, 4)) } == ["dryRun", "fieldManager", "fieldValidation", "force"])
        #expect(try text(content(parameters[4].1, 1, 1, 2)) == "body" && text(content(parameters[4].1, 1, 1, 5, 22, 1)) == "object")
        #expect(try text(content(patch, 9, 1, 2, 1, 2, 1, 1)) == "#/definitions/io.k8s.api.core.v1.Namespace")
        #expect(try text(content(paths[1].1, 2, 9, 1, 2, 4, 4)) == "name")
    }

    @Test func schemas() throws {
        let schema: JSON = [
            "definitions": ["X": [
                "type": "object", "description": "An x.", "required": ["a", "b"],
                "properties": [
                    "a": ["type": "string", "format": "byte", "enum": ["p", 1], "default": ["k": nil]],
                    "b": ["type": "array", "items": ["$ref": "#/definitions/X"]],
                    "c": ["type": "object", "additionalProperties": ["type": "integer"]], "d": ["additionalProperties": true],
                ],
                "x-kubernetes-list-type": "set",
            ]],
        ]
        let bytes = OpenAPIv2Protobuf.encode(schema)[...], x = try #require(try content(bytes, 9, 1, 2))
        #expect(try text(content(x, 4)) == "An x." && text(content(x, 22, 1)) == "object" && fields(x).filter { $0.0 == 19 }.map { text($0.1) } == ["a", "b"])
        #expect(try text(content(x, 31, 1)) == "x-kubernetes-list-type" && text(content(x, 31, 2, 2)) == "\"set\"\n")
        let properties = try fields(#require(try content(x, 25))).map { $0.1 }
        #expect(try properties.map { try text(content($0, 1)) } == ["a", "b", "c", "d"])
        #expect(try text(content(properties[0], 2, 2)) == "byte" && text(content(properties[0], 2, 20, 2)) == "\"p\"\n" && text(content(properties[0], 2, 5, 2)) == "{\"k\":null}\n")
        #expect(try text(content(properties[1], 2, 23, 1, 1)) == "#/definitions/X" && text(content(properties[2], 2, 21, 1, 22, 1)) == "integer")
        #expect(try content(properties[3], 2, 21, 2) == [1])
    }
}
