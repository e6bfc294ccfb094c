import Core

/// A kind of the resource API in one of its versions, as discovery lists it.
struct ServedKind: Sendable, Equatable {
    /// Empty for the core group.
    var group: String
    var version: String
    var plural: String
    var singular: String
    var kind: String
    var isNamespaced: Bool
    var shortNames: [String] = []
    var categories: [String] = []

    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    /// `plural.group`, the name that no other kind has.
    var key: String { group.isEmpty ? plural : "\(plural).\(group)" }
    /// How its objects are named in messages: `configmap`, `widget.example.com`.
    var label: String { group.isEmpty ? kind.lowercased() : "\(kind.lowercased()).\(group)" }

    /// - Parameters:
    ///   - namespace: nil spans all; ignored where the kind has none.
    ///   - name: nil is the collection.
    func segments(namespace: String?, name: String? = nil) -> [String] {
        var path = group.isEmpty ? ["api", version] : ["apis", group, version]
        if isNamespaced, let namespace { path += ["namespaces", namespace] }
        path.append(plural)
        if let name { path.append(name) }
        return path
    }

    /// The kinds of an `APIResourceList`, less subresources.
    static func read(_ list: JSON) -> [ServedKind] {
        let parts = (list["groupVersion"]?.stringValue ?? "v1").split(separator: "/").map(String.init)
        return (list["resources"]?.arrayValue ?? []).compactMap { item in
            guard let plural = item["name"]?.stringValue, !plural.contains("/"), let kind = item["kind"]?.stringValue,
                item["verbs"]?.arrayValue?.contains("get") == true || item["verbs"]?.arrayValue?.contains("list") == true
            else { return nil }
            return ServedKind(
                group: parts.count == 2 ? parts[0] : "", version: parts.last ?? "v1", plural: plural, singular: item["singularName"]?.stringValue ?? "",
                kind: kind, isNamespaced: item["namespaced"]?.boolValue ?? true, shortNames: item["shortNames"]?.arrayValue?.compactMap(\.stringValue) ?? [],
                categories: item["categories"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        }
    }
}

/// A word that names a kind: `configmaps`, `cm`, `ConfigMap`, `widgets.example.com`, `widgets.v1.example.com`.
struct KindWord: Sendable, Equatable {
    var name: String
    /// Nil: any group.
    var group: String?
    /// Nil: the group's preferred version.
    var version: String?

    /// - Parameter groups: the server's, which tell a version from the beginning of a group's name.
    init(_ word: String, groups: Set<String>) {
        let word = word.lowercased()
        let dot = word.firstIndex(of: ".")
        name = String(word[..<(dot ?? word.endIndex)])
        guard let dot else { return }
        let rest = String(word[word.index(after: dot)...])
        group = rest
        if !groups.contains(rest), let second = rest.firstIndex(of: "."), groups.contains(String(rest[rest.index(after: second)...])) {
            version = String(rest[..<second])
            group = String(rest[rest.index(after: second)...])
        }
    }

    func names(_ kind: ServedKind) -> Bool {
        if let group, group != kind.group { return false }
        if let version, version != kind.version { return false }
        return kind.plural == name || kind.singular == name || kind.kind.lowercased() == name || kind.shortNames.contains(name)
    }
}
