import Core

/// Reads a CustomResourceDefinition (`apiextensions.k8s.io/v1`) into the kind that it makes. The schemas of its versions are held to the rules of
/// structural schemas; conversion between versions is `None` only, which changes nothing but `apiVersion`.
public struct CustomKindReader {
    /// Versions of a kind at most.
    public static let maximumVersions = 100
    /// Names of one list (short names, categories) at most.
    static let maximumNames = 100

    var errors: [FieldError] = []

    /// - Throws: everything that is wrong, up to 100 errors for each schema.
    public static func read(_ document: JSON) throws(FieldErrors) -> KindDefinition {
        var reader = CustomKindReader()
        let kind = reader.definition(document)
        guard let kind, reader.errors.isEmpty else { throw FieldErrors(reader.errors) }
        return kind
    }

    private mutating func definition(_ document: JSON) -> KindDefinition? {
        let spec = document["spec"] ?? [:], path = FieldPath([.field("spec")])
        let group = self.group(spec, path)
        let names = spec["names"] ?? [:], namesPath = path.field("names")
        let plural = label("plural", of: names, namesPath, isRequired: true)
        let kind = mixedCaseLabel("kind", of: names, namesPath, fallback: nil)
        let listKind = mixedCaseLabel("listKind", of: names, namesPath, fallback: kind + "List")
        let singular = names["singular"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } ?? kind.lowercased()
        if !singular.isEmpty && !KindNames.isLabel(singular) { errors.append(.invalid(namesPath.field("singular"), .string(singular), KindNames.labelRule)) }
        if !kind.isEmpty && kind == listKind { errors.append(.invalid(namesPath.field("listKind"), .string(listKind), "kind and listKind may not be the same")) }
        let name = document["metadata"]?["name"]?.stringValue ?? ""
        if !plural.isEmpty && !group.isEmpty && name != "\(plural).\(group)" {
            errors.append(.invalid(FieldPath([.field("metadata"), .field("name")]), .string(name), "must be spec.names.plural+\".\"+spec.group"))
        }
        let isNamespaced = self.isNamespaced(spec, path)
        checkConversion(spec, path)
        let versions = self.versions(spec, path, group: group, kind: kind)
        return KindDefinition(
            group: group, kind: kind, plural: plural, singular: singular, shortNames: labels("shortNames", of: names, namesPath),
            categories: labels("categories", of: names, namesPath), listKind: listKind, isNamespaced: isNamespaced, versions: versions,
            origin: .custom(uid: document["metadata"]?["uid"]?.stringValue ?? ""))
    }

    private mutating func group(_ spec: JSON, _ path: FieldPath) -> String {
        let group = spec["group"]?.stringValue ?? "", path = path.field("group")
        if group.isEmpty { errors.append(.required(path)) } else if !KindNames.isSubdomain(group) {
            errors.append(.invalid(path, .string(group), KindNames.subdomainRule))
        } else if !group.contains(".") { errors.append(.invalid(path, .string(group), "should be a domain with at least one dot")) }
        return group
    }

    private mutating func isNamespaced(_ spec: JSON, _ path: FieldPath) -> Bool {
        switch spec["scope"] {
        case "Namespaced": return true
        case "Cluster": return false
        case nil, .null, "": errors.append(.required(path.field("scope")))
        case let other?: errors.append(.notSupported(path.field("scope"), other, ["Cluster", "Namespaced"]))
        }
        return true
    }

    private mutating func checkConversion(_ spec: JSON, _ path: FieldPath) {
        if spec["preserveUnknownFields"] == .bool(true) {
            errors.append(.invalid(
                path.field("preserveUnknownFields"), true,
                "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"))
        }
        guard let conversion = spec["conversion"], !conversion.isNull else { return }
        let path = path.field("conversion")
        switch conversion["strategy"] {
        case "None":
            if conversion["webhook"]?.isNull == false { errors.append(.forbidden(path.field("webhook"), "should not be set when strategy is not set to Webhook")) }
        case "Webhook":
            errors.append(FieldError(
                path.field("strategy"), .notSupported, "Unsupported value: \"Webhook\": supported values: \"None\": this server calls no conversion webhooks"))
        case nil, .null, "": errors.append(.required(path.field("strategy")))
        case let other?: errors.append(.notSupported(path.field("strategy"), other, ["None"]))
        }
    }

    private mutating func label(_ name: String, of names: JSON, _ path: FieldPath, isRequired: Bool) -> String {
        let text = names[name]?.stringValue ?? ""
        if text.isEmpty { if isRequired { errors.append(.required(path.field(name))) } } else if !KindNames.isLabel(text) {
            errors.append(.invalid(path.field(name), .string(text), KindNames.labelRule))
        }
        return text
    }

    private mutating func mixedCaseLabel(_ name: String, of names: JSON, _ path: FieldPath, fallback: String?) -> String {
        let text = names[name]?.stringValue ?? ""
        if text.isEmpty {
            if fallback == nil { errors.append(.required(path.field(name))) }
            return fallback ?? ""
        }
        if !KindNames.isLabel(text.lowercased()) {
            errors.append(.invalid(path.field(name), .string(text), "may have mixed case, but should otherwise match: \(KindNames.labelRule)"))
        }
        return text
    }

    private mutating func labels(_ name: String, of names: JSON, _ path: FieldPath) -> [String] {
        guard let list = names[name], !list.isNull else { return [] }
        guard case .array(let items) = list else {
            errors.append(.wrongType(path.field(name), list, "array"))
            return []
        }
        if items.count > Self.maximumNames { errors.append(.tooMany(path.field(name), items.count, Self.maximumNames)) }
        var result: [String] = []
        for (index, item) in items.prefix(Self.maximumNames).enumerated() {
            if let text = item.stringValue, KindNames.isLabel(text) { result.append(text) } else {
                errors.append(.invalid(path.field(name).index(index), item, KindNames.labelRule))
            }
        }
        return result
    }
}
