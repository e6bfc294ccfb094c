import Core
import Foundation

// What the server itself reads and writes in an object.
extension JSON {
    var metadata: JSON { self["metadata"] ?? [:] }

    func metadataText(_ key: String) -> String? { metadata[key]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } }

    var finalizers: [String] { metadata["finalizers"]?.arrayValue?.compactMap(\.stringValue) ?? [] }

    var ownerUIDs: [String] { metadata["ownerReferences"]?.arrayValue?.compactMap { $0["uid"]?.stringValue } ?? [] }

    var isBeingDeleted: Bool { metadataText("deletionTimestamp") != nil }

    mutating func setMetadata(_ key: String, _ value: JSON?) {
        var metadata = self.metadata
        metadata[key] = value
        self["metadata"] = metadata
    }

    mutating func setFinalizers(_ finalizers: [String]) { setMetadata("finalizers", finalizers.isEmpty ? nil : .array(finalizers.map { .string($0) })) }

    /// Equal but for what every write changes; the order of members does not count.
    func isSameObject(as other: JSON) -> Bool {
        func bare(_ object: JSON) -> JSON {
            var bare = object
            bare.setMetadata("resourceVersion", nil)
            return bare
        }
        return bare(self).isEqualValue(to: bare(other))
    }
}

extension KindDefinition {
    /// What selectors see of an object of the kind.
    func selectable(_ document: JSON) -> Selectable {
        var fields: [String: String] = [:]
        for path in Set(versions.flatMap(\.selectableFields)) {
            // What is sealed is no text to select by, and the log keeps selectable texts as they are.
            if let first = path.split(separator: ".").first, sealedFields.contains(String(first)) { continue }
            var value: JSON? = document
            for step in path.split(separator: ".") { value = value?[String(step)] }
            switch value {
            case .string(let text): fields[path] = text
            case .int(let number): fields[path] = String(number)
            case .bool(let flag): fields[path] = String(flag)
            default: fields[path] = ""
            }
        }
        return Selectable(labels: document.metadata["labels"] ?? .null, fields: fields)
    }

    /// Kinds that are plain data have no generation.
    var hasGeneration: Bool { origin != .builtIn || key != "namespaces" && storedVersion?.hasStatus == true }

    func key(_ namespace: String, _ name: String) -> ResourceKey { ResourceKey(kind: key, namespace: isNamespaced ? namespace : "", name: name) }

    func prepared(_ document: JSON, _ key: ResourceKey) -> PreparedResource {
        PreparedResource(
            key: key, uid: document.metadataText("uid") ?? "", document: VersionedDocument(document), selectable: selectable(document), owners: document.ownerUIDs)
    }
}

/// A kind in one of its versions: what a request's path names.
public struct KindReference: Sendable {
    public var definition: KindDefinition
    public var version: KindVersion

    public init(_ definition: KindDefinition, _ version: KindVersion) {
        self.definition = definition
        self.version = version
    }

    public var apiVersion: String { definition.apiVersion(version.name) }
    public var key: String { definition.key }

    /// Nil where the kind keeps its objects in this version already.
    var storedAPIVersion: String? {
        guard let stored = definition.storedVersion, stored.name != version.name else { return nil }
        return definition.apiVersion(stored.name)
    }

    func scope(_ subresource: Subresource?) -> FieldScope {
        switch subresource {
        case .status: .statusOnly
        case nil: version.hasStatus ? .withoutStatus : .whole
        }
    }
}

/// A part of an object with an address of its own.
public enum Subresource: String, Sendable {
    case status
}

extension KindDefinition {
    /// Names of namespaces are parts of host names; those of other kinds have at most 253 characters. Bindings may be called anything that fits into a path.
    var nameRule: NameRule {
        switch key {
        case "namespaces", "profiles.kubeflow.org": .label
        case "rolebindings.rbac.authorization.k8s.io": .pathSegment
        default: .subdomain
        }
    }
}
