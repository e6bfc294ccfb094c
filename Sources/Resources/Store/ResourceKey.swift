import Core

/// Names one object.
public struct ResourceKey: Sendable, Hashable {
    /// `PLURAL.GROUP`, e.g. `experiments.kubeflow.org`; the plural alone in the core group, e.g. `configmaps`.
    public var kind: String
    /// Empty where the kind is cluster-scoped.
    public var namespace: String
    public var name: String

    public init(kind: String, namespace: String, name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }
}

/// An object as it is stored.
public struct StoredResource: Sendable, Equatable {
    public var key: ResourceKey
    public var uid: String
    /// Its resourceVersion.
    public var version: Int64
    /// Compact JSON, resourceVersion included.
    public var document: String
}

/// A document whose version is known only inside the transaction that writes it: text round the place of its resourceVersion.
public struct VersionedDocument: Sendable, Equatable {
    private var head: String
    private var tail: String

    /// - Parameter document: an object with metadata; a resourceVersion that it has is left out of account.
    public init(_ document: JSON) {
        var rest = document.objectValue ?? [:]
        var metadata = rest["metadata"]?.objectValue ?? [:]
        metadata["resourceVersion"] = nil
        let apiVersion = rest.removeValue(forKey: "apiVersion") ?? .null, kind = rest.removeValue(forKey: "kind") ?? .null
        rest["metadata"] = nil
        head = "{\"apiVersion\":\(apiVersion.text()),\"kind\":\(kind.text()),\"metadata\":{\"resourceVersion\":\""
        var out = Array("\"".utf8)
        if !metadata.isEmpty {
            out.append(UInt8(ascii: ","))
            out.append(contentsOf: JSON.object(metadata).serialized().dropFirst())
        } else {
            out.append(UInt8(ascii: "}"))
        }
        if !rest.isEmpty {
            out.append(UInt8(ascii: ","))
            out.append(contentsOf: JSON.object(rest).serialized().dropFirst())
        } else {
            out.append(UInt8(ascii: "}"))
        }
        tail = String(decoding: out, as: UTF8.self)
    }

    public func text(version: Int64) -> String { head + String(version) + tail }

    /// The text with another `apiVersion`, without reading it: it is what such texts begin with.
    /// - Returns: nil where it has that one already.
    static func converting(_ text: [UInt8], to apiVersion: String) -> [UInt8]? {
        rest(of: text, unless: apiVersion).map { Array(start.utf8) + Array(apiVersion.utf8) + $0 }
    }

    static func converting(_ text: String, to apiVersion: String) -> String? {
        rest(of: text.utf8, unless: apiVersion).map { start + apiVersion + String(Substring($0)) }
    }

    private static let start = "{\"apiVersion\":\""

    /// The text behind its `apiVersion`; nil where that is the one.
    private static func rest<Text: Collection<UInt8>>(of text: Text, unless apiVersion: String) -> Text.SubSequence? {
        let version = text.dropFirst(start.utf8.count)
        guard let end = version.firstIndex(of: UInt8(ascii: "\"")), !version[..<end].elementsEqual(apiVersion.utf8) else { return nil }
        return version[end...]
    }

    /// Bytes without the version.
    public var size: Int { head.utf8.count + tail.utf8.count }
}
