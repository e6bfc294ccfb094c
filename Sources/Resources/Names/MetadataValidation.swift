import Core
import OrderedCollections

/// Checks `metadata` of an object that is about to be stored: names, labels, annotations, finalizers and owners.
public struct MetadataValidation {
    /// Most errors that are listed.
    public static let maximumErrors = 100

    /// - Parameters:
    ///   - object: the whole object; its name has been generated where it asked for that.
    ///   - name: what the kind's names have to be.
    ///   - isNamespaced: whether objects of the kind are in namespaces.
    /// - Returns: what is wrong, in the order of the fields as they are checked; empty where nothing is.
    public static func validate(_ object: JSON, name: NameRule, isNamespaced: Bool) -> [FieldError] {
        var check = MetadataValidation()
        guard case .object(let metadata)? = object["metadata"] else {
            check.add(FieldPath().field("metadata"), .required, "Required value")
            return check.errors
        }
        check.names(metadata, name, isNamespaced)
        check.labels(metadata["labels"])
        check.annotations(metadata["annotations"])
        check.finalizers(metadata["finalizers"])
        check.owners(metadata["ownerReferences"])
        return check.errors
    }

    private var errors: [FieldError] = []
    private static let root = FieldPath().field("metadata")

    private mutating func add(_ path: @autoclosure () -> FieldPath, _ reason: FieldError.Reason, _ message: @autoclosure () -> String) {
        if errors.count < Self.maximumErrors { errors.append(FieldError(path(), reason, message())) }
    }

    private mutating func invalid(_ path: @autoclosure () -> FieldPath, _ value: String, _ problems: [String]) {
        for problem in problems { add(path(), .invalid, "Invalid value: \(Self.shown(value)): \(problem)") }
    }

    /// A text in quotes, cut where it is long: an error does not repeat a document.
    private static func shown(_ value: String) -> String {
        JSON.string(value.utf8.count <= 256 ? value : String(value.prefix(128)) + "…").text()
    }

    /// The field's text; nil where it is absent or, which is an error, none.
    private mutating func text(_ value: JSON?, _ path: @autoclosure () -> FieldPath) -> String? {
        switch value {
        case nil, .null?: return nil
        case .string(let text)?: return text
        case let other?:
            add(path(), .typeInvalid, "Invalid value: expected a string, not \(other.kindName)")
            return nil
        }
    }

    private mutating func names(_ metadata: JSONObject, _ rule: NameRule, _ isNamespaced: Bool) {
        if let base = text(metadata["generateName"], Self.root.field("generateName")), !base.isEmpty {
            invalid(Self.root.field("generateName"), base, rule.problems(prefix: base))
        }
        let before = errors.count
        if let name = text(metadata["name"], Self.root.field("name")), !name.isEmpty {
            invalid(Self.root.field("name"), name, rule.problems(name))
        } else if errors.count == before {
            add(Self.root.field("name"), .required, "Required value: name or generateName is required")
        }
        let path = Self.root.field("namespace")
        let beforeNamespace = errors.count
        let namespace = text(metadata["namespace"], path) ?? ""
        if isNamespaced {
            if !namespace.isEmpty {
                invalid(path, namespace, Names.label(namespace))
            } else if errors.count == beforeNamespace {
                add(path, .required, "Required value")
            }
        } else if !namespace.isEmpty {
            add(path, .forbidden, "Forbidden: objects of this kind are in no namespace")
        }
    }

    private mutating func members(_ value: JSON?, _ path: FieldPath) -> JSONObject {
        switch value {
        case nil, .null?: return [:]
        case .object(let object)?: return object
        case let other?:
            add(path, .typeInvalid, "Invalid value: expected an object, not \(other.kindName)")
            return [:]
        }
    }

    private mutating func items(_ value: JSON?, _ path: FieldPath) -> [JSON] {
        switch value {
        case nil, .null?: return []
        case .array(let items)?: return items
        case let other?:
            add(path, .typeInvalid, "Invalid value: expected a list, not \(other.kindName)")
            return []
        }
    }

    private mutating func labels(_ value: JSON?) {
        let path = Self.root.field("labels")
        for (key, value) in members(value, path) {
            invalid(path, key, Names.qualifiedName(key))
            if case .null = value {
                add(path.key(key), .typeInvalid, "Invalid value: expected a string, not null")
            } else if let text = text(value, path.key(key)) {
                invalid(path.key(key), text, Names.labelValue(text))
            }
        }
    }

    private mutating func annotations(_ value: JSON?) {
        let path = Self.root.field("annotations")
        var size = 0
        for (key, value) in members(value, path) {
            // Upper case is allowed in the prefix of these keys.
            let problems = Names.qualifiedName(key)
            if !problems.isEmpty { invalid(path, key, Names.qualifiedName(key.lowercased())) }
            size += key.utf8.count
            if case .string(let text) = value {
                size += text.utf8.count
            } else {
                add(path.key(key), .typeInvalid, "Invalid value: expected a string, not \(value.kindName)")
            }
        }
        if size > Names.annotationsLimit { add(path, .tooLong, "Too long: may not be more than \(Names.annotationsLimit) bytes, and is \(size)") }
    }

    private mutating func finalizers(_ value: JSON?) {
        let path = Self.root.field("finalizers")
        var propagation: Set<String> = []
        for (index, item) in items(value, path).enumerated() {
            guard case .string(let name) = item else {
                add(path.index(index), .typeInvalid, "Invalid value: expected a string, not \(item.kindName)")
                continue
            }
            invalid(path.index(index), name, Names.qualifiedName(name))
            if name == "orphan" || name == "foregroundDeletion" { propagation.insert(name) }
        }
        if propagation.count == 2 { add(path, .invalid, "Invalid value: orphan and foregroundDeletion exclude each other") }
    }

    private mutating func owners(_ value: JSON?) {
        let path = Self.root.field("ownerReferences")
        var controller: String?
        for (index, item) in items(value, path).enumerated() {
            let place = path.index(index)
            guard case .object(let owner) = item else {
                add(place, .typeInvalid, "Invalid value: expected an object, not \(item.kindName)")
                continue
            }
            for field in ["apiVersion", "kind", "name", "uid"] {
                let before = errors.count
                let text = text(owner[field], place.field(field)) ?? ""
                if text.isEmpty, errors.count == before { add(place.field(field), .required, "Required value") }
                if field == "apiVersion", !text.isEmpty, !Self.isVersion(text) {
                    invalid(place.field(field), text, ["a version, or a group and a version with '/' between them (such as 'apps/v1')"])
                }
            }
            for field in ["controller", "blockOwnerDeletion"] {
                if let flag = owner[field], flag != .null, flag.boolValue == nil {
                    add(place.field(field), .typeInvalid, "Invalid value: expected a boolean, not \(flag.kindName)")
                }
            }
            guard owner["controller"]?.boolValue == true else { continue }
            let name = "\(owner["kind"]?.stringValue ?? "")/\(owner["name"]?.stringValue ?? "")"
            if let controller {
                add(path, .invalid, "Invalid value: only one reference can have controller set to true, and \(controller) and \(name) both have")
            } else {
                controller = name
            }
        }
    }

    private static func isVersion(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty }
    }
}
