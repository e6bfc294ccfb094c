import Core

extension LabelSelector {
    /// Reads the structured form, `{"matchLabels": {…}, "matchExpressions": [{"key", "operator", "values"}]}`, as fields of objects have it.
    /// - Parameters:
    ///   - path: where the selector is in its document.
    ///   - errors: what is wrong is added; the requirements that can be read are returned all the same.
    public static func read(_ selector: JSON, at path: FieldPath, errors: inout [FieldError]) -> LabelSelector {
        guard case .object(let members) = selector else {
            errors.append(FieldError(path, .typeInvalid, "a selector is an object, not \(selector.kindName)"))
            return .everything
        }
        var list: [Requirement] = []
        if let labels = members["matchLabels"], labels != .null {
            readLabels(labels, at: path.field("matchLabels"), into: &list, errors: &errors)
        }
        if let expressions = members["matchExpressions"], expressions != .null {
            let place = path.field("matchExpressions")
            if case .array(let items) = expressions {
                for (index, item) in items.enumerated() {
                    if let requirement = readExpression(item, at: place.index(index), errors: &errors) { list.append(requirement) }
                }
            } else {
                errors.append(FieldError(place, .typeInvalid, "expressions are a list, not \(expressions.kindName)"))
            }
        }
        return LabelSelector(requirements: list)
    }

    private static func readLabels(_ labels: JSON, at path: FieldPath, into list: inout [Requirement], errors: inout [FieldError]) {
        guard case .object(let pairs) = labels else {
            errors.append(FieldError(path, .typeInvalid, "labels are an object, not \(labels.kindName)"))
            return
        }
        for (key, value) in pairs {
            guard case .string(let text) = value else {
                errors.append(FieldError(path.key(key), .typeInvalid, "a label's value is a string, not \(value.kindName)"))
                continue
            }
            let problems = Names.qualifiedName(key).map { "label key: " + $0 } + Names.labelValue(text)
            if problems.isEmpty {
                list.append(Requirement(key, .in, [text]))
            } else {
                errors += problems.map { FieldError(path.key(key), .invalid, "Invalid value: \(value.text()): \($0)") }
            }
        }
    }

    private static func readExpression(_ item: JSON, at path: FieldPath, errors: inout [FieldError]) -> Requirement? {
        let before = errors.count
        guard case .object(let members) = item else {
            errors.append(FieldError(path, .typeInvalid, "an expression is an object, not \(item.kindName)"))
            return nil
        }
        let key = members["key"]?.stringValue ?? ""
        if key.isEmpty {
            errors.append(FieldError(path.field("key"), .required, "Required value: the label that the expression is about"))
        } else {
            errors += Names.qualifiedName(key).map { FieldError(path.field("key"), .invalid, "Invalid value: \"\(key)\": \($0)") }
        }
        var values: [String] = []
        switch members["values"] {
        case nil, .null?: break
        case .array(let items)?:
            for (index, value) in items.enumerated() {
                let place = path.field("values").index(index)
                guard case .string(let text) = value else {
                    errors.append(FieldError(place, .typeInvalid, "a label's value is a string, not \(value.kindName)"))
                    continue
                }
                errors += Names.labelValue(text).map { FieldError(place, .invalid, "Invalid value: \(value.text()): \($0)") }
                values.append(text)
            }
        case let other?: errors.append(FieldError(path.field("values"), .typeInvalid, "values are a list, not \(other.kindName)"))
        }
        let name = members["operator"]?.stringValue ?? ""
        switch Operator(rawValue: name) {
        case .in?, .notIn?:
            if values.isEmpty, errors.count == before {
                errors.append(FieldError(path.field("values"), .required, "Required value: the operator \(name) needs at least one"))
            }
        case .exists?, .doesNotExist?:
            if !values.isEmpty { errors.append(FieldError(path.field("values"), .forbidden, "Forbidden: the operator \(name) takes none")) }
        case .greaterThan?, .lessThan?, nil:
            let operators = "In, NotIn, Exists, DoesNotExist"
            errors.append(FieldError(path.field("operator"), .notSupported, "Unsupported value: \"\(name)\": supported values: \(operators)"))
        }
        guard errors.count == before, let op = Operator(rawValue: name) else { return nil }
        return Requirement(key, op, values)
    }
}
