import Core
import Foundation
import Resources
import Tasks

/// Looks up config maps, secrets and claims in the namespace of the task that starts. Values go into that start alone.
public struct PodReferences: ReferenceResolver {
    let resources: ResourceService

    public init(resources: ResourceService) { self.resources = resources }

    public func resolve(_ launch: TaskLaunch) async throws -> TaskSpec {
        var spec = launch.spec
        guard let references = spec.references else { return spec }
        var objects = Objects(resources: resources, namespace: launch.namespace)
        var values: [String: String] = [:], order: [String] = []
        func set(_ name: String, _ value: String) {
            if values.updateValue(value, forKey: name) == nil { order.append(name) }
        }
        for variable in spec.env { set(variable.name, variable.value) }
        for source in references.variables {
            switch source {
            case .value(let name, let text): set(name, VariableExpansion.expand(text) { values[$0] })
            case .key(let name, let object, let key):
                guard let bytes = try await objects.data(object, key: key) else { continue }
                set(name, try Self.text(bytes, object, key))
            case .all(let object, let prefix):
                for (key, bytes) in try await objects.data(object) ?? [:] { set(prefix + key, try Self.text(bytes, object, key)) }
            }
        }
        spec.env = order.map { EnvironmentVariable($0, values[$0] ?? "") }
        if references.expandsVariables {
            spec.command = spec.command?.map { VariableExpansion.expand($0) { values[$0] } }
            spec.args = spec.args?.map { VariableExpansion.expand($0) { values[$0] } }
        }
        for source in references.files { spec.inputs += try await files(source, &objects) }
        for mount in references.mounts { try await objects.requireClaim(mount.claim) }
        return spec
    }

    private func files(_ source: FileSource, _ objects: inout Objects) async throws -> [InputFile] {
        // A volume is there, also where nothing is in it.
        var files = source.subPath == nil ? [InputFile(path: source.directory, source: .directory)] : []
        guard let data = try await objects.data(source.object) else { return files }
        let items = source.items ?? data.keys.sorted().map { .init(key: $0, path: $0) }
        for item in items {
            guard let bytes = data[item.key] else {
                if source.object.isOptional { continue }
                throw Objects.missing(source.object, "has no key \(item.key)")
            }
            guard let path = MountPath.target(item.path, in: source.directory, subPath: source.subPath) else { continue }
            files.append(InputFile(path: path, source: .bytes(bytes, mode: item.mode ?? source.mode)))
        }
        return files
    }

    /// No error shows a value.
    private static func text(_ bytes: [UInt8], _ object: ObjectReference, _ key: String) throws(MonoflowError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Objects.missing(object, "key \(key) holds no text that a variable can have")
        }
        return text
    }

    /// What has been read for one start.
    private struct Objects {
        let resources: ResourceService
        let namespace: String
        private var known: [String: [String: [UInt8]]?] = [:]

        init(resources: ResourceService, namespace: String) {
            self.resources = resources
            self.namespace = namespace
        }

        /// - Returns: nil where the object, being optional, is missing.
        mutating func data(_ object: ObjectReference) async throws -> [String: [UInt8]]? {
            let id = "\(object.kind)/\(object.name)"
            if let data = known[id] {
                if data == nil, !object.isOptional { throw Self.missing(object, "is not there") }
                return data
            }
            let data = try await read(object)
            known[id] = .some(data)
            if data == nil, !object.isOptional { throw Self.missing(object, "is not there") }
            return data
        }

        mutating func data(_ object: ObjectReference, key: String) async throws -> [UInt8]? {
            guard let data = try await data(object) else { return nil }
            if data[key] == nil, !object.isOptional { throw Self.missing(object, "has no key \(key)") }
            return data[key]
        }

        func requireClaim(_ name: String) async throws {
            guard let document = try await document("persistentvolumeclaims", name), document["metadata"]?["deletionTimestamp"] == nil else {
                throw MonoflowError(.failedPrecondition, "start task", "persistentvolumeclaim \(name)", "is not there, or is being deleted")
            }
        }

        private func read(_ object: ObjectReference) async throws -> [String: [UInt8]]? {
            guard let document = try await document(object.kind == .secret ? "secrets" : "configmaps", object.name) else { return nil }
            var data: [String: [UInt8]] = [:]
            for (key, value) in document["data"]?.objectValue ?? [:] {
                let text = value.stringValue ?? ""
                data[key] = object.kind == .secret ? Data(base64Encoded: text).map(Array.init) ?? [] : Array(text.utf8)
            }
            for (key, value) in document["binaryData"]?.objectValue ?? [:] { data[key] = Data(base64Encoded: value.stringValue ?? "").map(Array.init) ?? [] }
            return data
        }

        private func document(_ key: String, _ name: String) async throws -> JSON? {
            guard let definition = resources.kinds.definition(key), let version = definition.storedVersion else { return nil }
            do {
                return try JSONParser.parse(try await resources.get(KindReference(definition, version), namespace: namespace, name: name).document)
            } catch where error.code == .notFound { return nil }
        }

        static func missing(_ object: ObjectReference, _ what: String) -> MonoflowError {
            MonoflowError(.failedPrecondition, "start task", "\(object.kind == .secret ? "secret" : "configmap") \(object.name)", what)
        }
    }
}
