import OrderedCollections

/// The kinds that the server knows at one time. A value: whoever changes it puts the new one in the old one's place.
public struct KindTable: Sendable {
    /// Why the names of a custom kind cannot be had: the `NamesAccepted=False` condition of its CustomResourceDefinition.
    public struct NameConflict: Error, Sendable, Equatable {
        /// The condition's `reason`, such as `PluralConflict`.
        public var reason: String
        /// The condition's `message`, such as `"crons" is already in use`.
        public var message: String
    }

    /// A kind with the version that a path named.
    public struct Match: Sendable {
        public var kind: KindDefinition
        public var version: KindVersion
    }

    private struct GroupName: Hashable {
        var group: String, name: String
    }

    private var byKey: OrderedDictionary<String, KindDefinition> = [:]
    private var keyByPlural: [GroupName: String] = [:]
    private var keyByKind: [GroupName: String] = [:]
    private var keysByShortName: [String: [String]] = [:]

    /// - Parameter kinds: in the order in which their groups are to be shown.
    public init(_ kinds: [KindDefinition] = BuiltInKinds.all) {
        for kind in kinds { insert(kind) }
    }

    /// Every kind: built-in ones in their order, then custom ones in the order of their coming.
    public var kinds: [KindDefinition] { Array(byKey.values) }

    /// By `plural.group`, or the plural alone in the core group.
    public func kind(key: String) -> KindDefinition? { byKey[key] }

    public func kind(group: String, kind: String) -> KindDefinition? { keyByKind[GroupName(group: group, name: kind)].flatMap { byKey[$0] } }

    /// By the parts of a request's path; nil where the version is not served.
    public func match(group: String, version: String, plural: String) -> Match? {
        guard let kind = keyByPlural[GroupName(group: group, name: plural)].flatMap({ byKey[$0] }) else { return nil }
        return kind.version(version).flatMap { $0.isServed ? Match(kind: kind, version: $0) : nil }
    }

    /// By an object's `apiVersion` and `kind`; nil where the version is not served.
    public func match(apiVersion: String, kind name: String) -> Match? {
        let parts = apiVersion.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let version = parts.last, let kind = kind(group: parts.count == 2 ? String(parts[0]) : "", kind: name) else { return nil }
        return kind.version(String(version)).flatMap { $0.isServed ? Match(kind: kind, version: $0) : nil }
    }

    /// The kinds that have a short name, in the order of `kinds`.
    public func kinds(shortName: String) -> [KindDefinition] { (keysByShortName[shortName] ?? []).compactMap { byKey[$0] } }

    /// What a person calls a kind: `pods`, `pod`, `po`, `Pod`, `jobs.batch`. The first of several, core group before others.
    public func resolve(_ word: String) -> KindDefinition? {
        if let kind = byKey[word] { return kind }
        let lower = word.lowercased()
        if let kind = byKey[lower] { return kind }
        return byKey.values.first { $0.plural == lower || $0.singular == lower || $0.kind.lowercased() == lower || "\($0.singular).\($0.group)" == lower }
            ?? kinds(shortName: lower).first
    }

    public func kinds(category: String) -> [KindDefinition] { byKey.values.filter { $0.categories.contains(category) } }

    /// The kinds that a version of a group serves, in the order of `kinds`.
    public func kinds(group: String, version: String) -> [KindDefinition] {
        byKey.values.filter { $0.group == group && $0.version(version)?.isServed == true }
    }

    /// Groups with the versions that they serve, the preferred one first. Groups of built-in kinds in their order, then the others by name.
    public var groups: [(name: String, versions: [String])] {
        var builtIn: OrderedDictionary<String, Set<String>> = [:], custom: [String: Set<String>] = [:]
        for kind in byKey.values where kind.origin == .builtIn { builtIn[kind.group, default: []].formUnion(kind.servedVersions.map(\.name)) }
        for kind in byKey.values where kind.origin != .builtIn {
            let names = kind.servedVersions.map(\.name)
            if builtIn[kind.group] != nil { builtIn[kind.group]?.formUnion(names) } else { custom[kind.group, default: []].formUnion(names) }
        }
        let all = builtIn.map { ($0.key, $0.value) } + custom.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return all.filter { !$0.1.isEmpty }.map { ($0.0, $0.1.sorted(by: VersionOrder.precedes)) }
    }

    /// Why a custom kind cannot have its names, or nil. Its own former definition does not stand in its way.
    public func conflict(of kind: KindDefinition) -> NameConflict? {
        func conflict(_ reason: String, _ name: String) -> NameConflict { NameConflict(reason: reason, message: "\"\(name)\" is already in use") }
        if byKey[kind.key]?.origin == .builtIn { return conflict("PluralConflict", kind.plural) }
        // Plural, singular and short names are one set of words, as are the names of kinds and of their lists.
        var words: Set<String> = [], kinds: Set<String> = []
        for other in byKey.values where other.group == kind.group && other.key != kind.key {
            words.formUnion([other.plural, other.singular] + other.shortNames)
            kinds.formUnion([other.kind, other.listKind])
        }
        if words.contains(kind.plural) { return conflict("PluralConflict", kind.plural) }
        if words.contains(kind.singular) { return conflict("SingularConflict", kind.singular) }
        if let name = kind.shortNames.first(where: words.contains) { return conflict("ShortNamesConflict", name) }
        if kinds.contains(kind.kind) { return conflict("KindConflict", kind.kind) }
        if kinds.contains(kind.listKind) { return conflict("ListKindConflict", kind.listKind) }
        return nil
    }

    /// Adds a custom kind, or puts it in its former definition's place.
    /// - Throws: where another kind of the group has one of its names; nothing is changed then.
    public mutating func add(_ kind: KindDefinition) throws(NameConflict) {
        if let conflict = conflict(of: kind) { throw conflict }
        forgetNames(of: kind.key)
        insert(kind)
    }

    /// Removes a custom kind; a built-in one stays.
    /// - Returns: what was removed.
    @discardableResult
    public mutating func remove(key: String) -> KindDefinition? {
        guard let kind = byKey[key], kind.origin != .builtIn else { return nil }
        forgetNames(of: key)
        return byKey.removeValue(forKey: key)
    }

    private mutating func insert(_ kind: KindDefinition) {
        byKey[kind.key] = kind
        keyByPlural[GroupName(group: kind.group, name: kind.plural)] = kind.key
        keyByKind[GroupName(group: kind.group, name: kind.kind)] = kind.key
        for name in Set(kind.shortNames) { keysByShortName[name, default: []].append(kind.key) }
    }

    private mutating func forgetNames(of key: String) {
        guard let kind = byKey[key] else { return }
        keyByPlural[GroupName(group: kind.group, name: kind.plural)] = nil
        keyByKind[GroupName(group: kind.group, name: kind.kind)] = nil
        for name in Set(kind.shortNames) { keysByShortName[name]?.removeAll { $0 == key } }
    }
}
