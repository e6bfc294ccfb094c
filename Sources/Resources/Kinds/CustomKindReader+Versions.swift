import Core

extension CustomKindReader {
    /// Selectable fields of a version at most, as in Kubernetes.
    private static let maximumSelectable = 8
    private static let maximumColumns = 100

    mutating func versions(_ spec: JSON, _ path: FieldPath, group: String, kind: String) -> [KindVersion] {
        let path = path.field("versions")
        guard let list = spec["versions"]?.arrayValue, !list.isEmpty else {
            errors.append(.required(path, "must have at least one version"))
            return []
        }
        if list.count > Self.maximumVersions {
            errors.append(.tooMany(path, list.count, Self.maximumVersions))
            return []
        }
        var seen: Set<String> = [], result: [KindVersion] = []
        for (index, json) in list.enumerated() {
            guard let version = version(json, path.index(index), group: group, kind: kind) else { continue }
            if !seen.insert(version.name).inserted { errors.append(.duplicate(path.index(index).field("name"), .string(version.name))) }
            result.append(version)
        }
        let stored = list.filter { $0["storage"] == .bool(true) }.count
        if stored != 1 { errors.append(FieldError(path, .invalid, "Invalid value: must have exactly one version marked as storage version, not \(stored)")) }
        return result
    }

    private mutating func version(_ json: JSON, _ path: FieldPath, group: String, kind: String) -> KindVersion? {
        guard json.objectValue != nil else {
            errors.append(.wrongType(path, json, "object"))
            return nil
        }
        let name = json["name"]?.stringValue ?? ""
        if name.isEmpty { errors.append(.required(path.field("name"))) } else if !KindNames.isLabel(name) {
            errors.append(.invalid(path.field("name"), .string(name), KindNames.labelRule))
        }
        for flag in ["served", "storage"] where json[flag]?.boolValue == nil { errors.append(.required(path.field(flag))) }
        let warning = deprecation(json, path, "\(group)/\(name) \(kind) is deprecated")
        let columns = columns(json, path)
        let scale = scale(json, path)
        guard let reading = schema(json, path) else { return nil }
        return KindVersion(
            name, isServed: json["served"]?.boolValue ?? false, isStored: json["storage"]?.boolValue ?? false, deprecationWarning: warning,
            schema: ObjectMetaSchema.completing(reading.schema), hasStatus: json["subresources"]?["status"]?.objectValue != nil, scale: scale, columns: columns,
            selectableFields: selectable(json, path, reading.schema), hasUncheckedRules: reading.hasRules)
    }

    private mutating func schema(_ json: JSON, _ path: FieldPath) -> SchemaReader.Reading? {
        let path = path.field("schema").field("openAPIV3Schema")
        guard let schema = json["schema"]?["openAPIV3Schema"], !schema.isNull else {
            errors.append(.required(path, "schemas are required"))
            return nil
        }
        do throws(FieldErrors) { return try SchemaReader.read(schema, at: path) } catch {
            errors += error.list
            return nil
        }
    }

    private mutating func deprecation(_ json: JSON, _ path: FieldPath, _ standard: String) -> String? {
        let isDeprecated = json["deprecated"]?.boolValue ?? false, path = path.field("deprecationWarning")
        guard let warning = json["deprecationWarning"]?.stringValue else { return isDeprecated ? standard : nil }
        if !isDeprecated { errors.append(.invalid(path, .string(warning), "can only be set for deprecated versions")) }
        if warning.isEmpty || warning.utf8.count > 256 || warning.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
            errors.append(.invalid(path, .string(warning), "must be one line of at most 256 bytes"))
        }
        return warning
    }

    private mutating func scale(_ json: JSON, _ path: FieldPath) -> KindVersion.Scale? {
        guard let scale = json["subresources"]?["scale"], !scale.isNull else { return nil }
        let path = path.field("subresources").field("scale")
        func read(_ name: String, _ roots: [String], isRequired: Bool) -> String? {
            guard let text = scale[name]?.stringValue, !text.isEmpty else {
                if isRequired { errors.append(.required(path.field(name))) }
                return nil
            }
            if !roots.contains(where: { text.hasPrefix($0 + ".") }) || Self.fieldPath(text) == nil {
                let places = roots.joined(separator: " or ")
                errors.append(.invalid(path.field(name), .string(text), "should be a json path under \(places) without array notation"))
            }
            return text
        }
        let specPath = read("specReplicasPath", [".spec"], isRequired: true)
        let statusPath = read("statusReplicasPath", [".status"], isRequired: true)
        let selectorPath = read("labelSelectorPath", [".spec", ".status"], isRequired: false)
        guard let specPath, let statusPath else { return nil }
        return KindVersion.Scale(specReplicasPath: specPath, statusReplicasPath: statusPath, labelSelectorPath: selectorPath)
    }

    /// The name first; the age too where the definition names no columns, as in Kubernetes.
    private mutating func columns(_ json: JSON, _ path: FieldPath) -> [PrinterColumn] {
        let path = path.field("additionalPrinterColumns")
        let list = json["additionalPrinterColumns"]?.arrayValue ?? []
        if list.isEmpty { return [.name, .age] }
        if list.count > Self.maximumColumns { errors.append(.tooMany(path, list.count, Self.maximumColumns)) }
        return [.name] + list.prefix(Self.maximumColumns).enumerated().compactMap { index, column in self.column(column, path.index(index)) }
    }

    private mutating func column(_ json: JSON, _ path: FieldPath) -> PrinterColumn? {
        let name = json["name"]?.stringValue ?? "", type = json["type"]?.stringValue ?? "", jsonPath = json["jsonPath"]?.stringValue ?? ""
        for (field, text) in [("name", name), ("type", type), ("jsonPath", jsonPath)] where text.isEmpty { errors.append(.required(path.field(field))) }
        let valueType = PrinterColumn.ValueType(rawValue: type)
        if valueType == nil && !type.isEmpty {
            errors.append(.notSupported(path.field("type"), .string(type), PrinterColumn.ValueType.allCases.map(\.rawValue).sorted()))
        }
        let format = json["format"]?.stringValue ?? ""
        let formats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"]
        if !format.isEmpty && !formats.contains(format) { errors.append(.notSupported(path.field("format"), .string(format), formats)) }
        if !jsonPath.isEmpty && !jsonPath.hasPrefix(".") {
            errors.append(.invalid(path.field("jsonPath"), .string(jsonPath), "must be a simple json path starting with ."))
        }
        guard let valueType else { return nil }
        return PrinterColumn(
            name, valueType, jsonPath, format: format, priority: Int(json["priority"]?.intValue ?? 0), description: json["description"]?.stringValue ?? "")
    }

    private mutating func selectable(_ json: JSON, _ path: FieldPath, _ schema: Schema) -> [String] {
        let path = path.field("selectableFields")
        let list = json["selectableFields"]?.arrayValue ?? []
        if list.count > Self.maximumSelectable { errors.append(.tooMany(path, list.count, Self.maximumSelectable)) }
        var result: [String] = []
        for (index, item) in list.prefix(Self.maximumSelectable).enumerated() {
            let path = path.index(index).field("jsonPath"), text = item["jsonPath"]?.stringValue ?? ""
            guard let names = Self.fieldPath(text) else {
                errors.append(text.isEmpty ? .required(path) : .invalid(path, .string(text), "must be a simple json path to a field"))
                continue
            }
            var field: Schema? = schema
            for name in names { field = field?.fields[name] }
            switch field?.type {
            case _ where names[0] == "metadata": errors.append(.invalid(path, .string(text), "must not point to fields in metadata"))
            case .string, .integer, .boolean: result.append(names.joined(separator: "."))
            case nil: errors.append(.invalid(path, .string(text), "does not refer to a valid field"))
            default: errors.append(.invalid(path, .string(text), "must point to a field of type string, integer or boolean"))
            }
        }
        return result
    }

    /// The names of a path that goes through fields only, `.spec.color`; nil for any other.
    private static func fieldPath(_ text: String) -> [String]? {
        guard text.hasPrefix(".") else { return nil }
        let names = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = names.allSatisfy { name in !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" } }
        return isPlain ? names.map(String.init) : nil
    }
}
