import Core
import Synchronization

/// One change, shared by all who watch: what is made of it for one watcher serves the others too.
public final class ResourceEvent: Sendable {
    public let version: Int64
    public let type: ResourceEventType
    public let key: ResourceKey
    /// Compact JSON of the object.
    public let document: [UInt8]
    private let before: Selectable?
    private let read: @Sendable (String, JSON) -> Selectable
    private let after = Mutex<Selectable?>(nil)
    private let lines = Mutex<[ResourceEventType: [UInt8]]>([:])

    /// - Parameter selectable: what selectors see of an object of a kind.
    init(_ event: LoggedEvent, selectable: @escaping @Sendable (_ kind: String, _ document: JSON) -> Selectable) {
        version = event.version
        type = event.type
        key = event.key
        document = Array(event.document.utf8)
        before = event.before
        read = selectable
    }

    /// What the change is to a watcher whose selectors are the filter's; nil where it is none.
    func type(for filter: WatchFilter) -> ResourceEventType? {
        guard filter.namespace == nil || filter.namespace == key.namespace, filter.name == nil || filter.name == key.name else { return nil }
        guard let matches = filter.matches else { return type }
        let isIn = matches(selectable(), key), wasIn = type == .added ? isIn : before.map { matches($0, key) } ?? isIn
        // An object that is gone is of interest to those who knew it.
        if type == .deleted { return wasIn ? .deleted : nil }
        switch (wasIn, isIn) {
        case (false, false): return nil
        case (true, false): return .deleted
        case (false, true): return .added
        case (true, true): return type
        }
    }

    /// `{"type":…,"object":…}` and a line end, as a watch of the stored version sends it.
    public func line(as type: ResourceEventType) -> [UInt8] {
        lines.withLock { lines in
            if let line = lines[type] { return line }
            let line = Self.line(type, document)
            lines[type] = line
            return line
        }
    }

    /// The same for a watch of any version of the kind. Those of the version that the object is stored in share their bytes.
    public func line(as type: ResourceEventType, in kind: KindReference) -> [UInt8] {
        guard let converted = VersionedDocument.converting(document, to: kind.apiVersion) else { return line(as: type) }
        return Self.line(type, converted)
    }


    public static func line(_ type: ResourceEventType, _ document: [UInt8]) -> [UInt8] {
        var line = Array("{\"type\":\"\(type.name)\",\"object\":".utf8)
        line.reserveCapacity(line.count + document.count + 2)
        line.append(contentsOf: document)
        line.append(contentsOf: "}\n".utf8)
        return line
    }

    /// Reads what selectors see of the document, so that matching is fast from now on.
    func prepare() { _ = selectable() }

    private func selectable() -> Selectable {
        after.withLock { after in
            if let after { return after }
            // What is stored was written by this program.
            let value = (try? JSONParser.parse(document)).map { read(key.kind, $0) } ?? Selectable(labels: .null, fields: [:])
            after = value
            return value
        }
    }
}

extension ResourceEventType {
    /// As `WatchEvent.type` has it.
    public var name: String {
        switch self {
        case .added: "ADDED"
        case .modified: "MODIFIED"
        case .deleted: "DELETED"
        }
    }
}

/// What somebody watches, of one kind.
public struct WatchFilter: Sendable {
    public var kind: String
    /// Nil: all namespaces.
    public var namespace: String?
    /// Nil: all names.
    public var name: String?
    /// Label and field selectors; nil selects all.
    public var matches: (@Sendable (Selectable, ResourceKey) -> Bool)?

    public init(kind: String, namespace: String? = nil, name: String? = nil, matches: (@Sendable (Selectable, ResourceKey) -> Bool)? = nil) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.matches = matches
    }
}
