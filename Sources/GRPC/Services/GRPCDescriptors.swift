import Foundation
import SwiftProtobuf

/// The definitions of a service: serialized file descriptors of its `.proto` file and of every file that it imports.
public struct GRPCDescriptors: Sendable {
    /// `google.protobuf.FileDescriptorSet`, serialized.
    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// - Parameter base64: of what `protoc --include_imports --descriptor_set_out` writes; line ends in it are left out.
    ///   Program text: what is no base64 stops the program.
    public init(base64: String) {
        guard let data = Data(base64Encoded: base64, options: .ignoreUnknownCharacters) else {
            preconditionFailure("file descriptors are base64")
        }
        bytes = Array(data)
    }
}

/// Every file, service and symbol of a server's services, made once.
struct DescriptorIndex: Sendable {
    private struct File: Sendable {
        let bytes: [UInt8]
        let dependencies: [String]
    }

    private var files: [String: File] = [:]
    /// Full names of messages, enums, services, methods, fields and enum values, by file name.
    private var symbols: [String: String] = [:]
    /// By `type number`, e.g. `google.protobuf.FieldOptions 50000`.
    private var extensions: [String: String] = [:]

    /// - Throws: SwiftProtobuf's error for bytes that are no descriptor set.
    init(_ sets: [GRPCDescriptors]) throws {
        for set in sets {
            for file in try Google_Protobuf_FileDescriptorSet(serializedBytes: set.bytes).file where files[file.name] == nil {
                files[file.name] = File(bytes: try file.serializedBytes(), dependencies: file.dependency)
                add(file)
            }
        }
    }

    /// The file of this name, then those it imports, each once; nil where it is not known.
    func file(named name: String) -> [[UInt8]]? {
        guard files[name] != nil else { return nil }
        var seen: Set<String> = [name], order = [name], next = 0
        while next < order.count {
            for dependency in files[order[next]]?.dependencies ?? [] where seen.insert(dependency).inserted { order.append(dependency) }
            next += 1
        }
        return order.compactMap { files[$0]?.bytes }
    }

    /// The file that declares a symbol, as above.
    func file(declaring symbol: String) -> [[UInt8]]? { symbols[symbol].flatMap(file(named:)) }

    /// The file that extends a message under a number, as above.
    func file(extending type: String, number: Int32) -> [[UInt8]]? { extensions["\(type) \(number)"].flatMap(file(named:)) }

    func extensionNumbers(of type: String) -> [Int32] {
        extensions.keys.filter { $0.hasPrefix(type + " ") }.compactMap { Int32($0.dropFirst(type.count + 1)) }.sorted()
    }

    func knows(_ symbol: String) -> Bool { symbols[symbol] != nil }

    // MARK: making it

    private mutating func add(_ file: Google_Protobuf_FileDescriptorProto) {
        let package = file.package.isEmpty ? "" : file.package + "."
        for message in file.messageType { add(message, prefix: package, file.name) }
        for type in file.enumType { add(type, prefix: package, file.name) }
        for service in file.service {
            symbols[package + service.name] = file.name
            for method in service.method { symbols["\(package)\(service.name).\(method.name)"] = file.name }
        }
        for field in file.extension { add(extension: field, prefix: package, file.name) }
    }

    private mutating func add(_ message: Google_Protobuf_DescriptorProto, prefix: String, _ file: String) {
        let name = prefix + message.name
        symbols[name] = file
        for field in message.field { symbols["\(name).\(field.name)"] = file }
        for oneof in message.oneofDecl { symbols["\(name).\(oneof.name)"] = file }
        for type in message.enumType { add(type, prefix: name + ".", file) }
        for inner in message.nestedType { add(inner, prefix: name + ".", file) }
        for field in message.extension { add(extension: field, prefix: name + ".", file) }
    }

    private mutating func add(_ type: Google_Protobuf_EnumDescriptorProto, prefix: String, _ file: String) {
        symbols[prefix + type.name] = file
        // Values are siblings of their type.
        for value in type.value { symbols[prefix + value.name] = file }
    }

    private mutating func add(extension field: Google_Protobuf_FieldDescriptorProto, prefix: String, _ file: String) {
        symbols[prefix + field.name] = file
        let type = field.extendee.hasPrefix(".") ? String(field.extendee.dropFirst()) : field.extendee
        extensions["\(type) \(field.number)"] = file
    }
}
