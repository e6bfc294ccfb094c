import Core
import Resources
import Tasks

extension PodReader {
    /// CPU in cores, memory in bytes; requests that are left out are the limits.
    mutating func readResources() {
        let path = containerPath.field("resources"), resources = container["resources"] ?? [:]
        if !PodFields.isUnset(resources["claims"] ?? .null) { refuse(path.field("claims"), "devices are asked for by resources.limits") }
        let limits = amounts(resources["limits"], at: path.field("limits")), requests = amounts(resources["requests"], at: path.field("requests"))
        for (name, limit) in limits {
            if let request = requests[name], request > limit {
                errors.append(.invalid(path.field("requests").key(name), .string("\(request)"), "must be less than or equal to the limit of \(limit)"))
            }
        }
        let asked = limits.merging(requests) { _, request in request }
        if let cpu = asked["cpu"] { task.resources.cpuMillis = Int(clamping: cpu.milliUnits) }
        if let memory = asked["memory"] { task.resources.memoryBytes = memory.units }
        if let memory = limits["memory"] { task.resources.memoryLimitBytes = memory.units }
        if let gpus = asked[Self.gpu] { task.resources.gpus = Int(clamping: gpus.units) }
    }

    private static let gpu = "nvidia.com/gpu"

    private mutating func amounts(_ map: JSON?, at path: FieldPath) -> [String: Quantity] {
        var amounts: [String: Quantity] = [:]
        for (name, value) in map?.objectValue ?? [:] {
            guard let amount = try? Quantity(value), !amount.isNegative else {
                errors.append(.invalid(path.key(name), value, "must be an amount that is not negative, such as 500m or 2Gi"))
                continue
            }
            switch name {
            case "cpu", "memory", Self.gpu: amounts[name] = amount
            // Recorded: there is no quota of disk.
            case "ephemeral-storage": continue
            default: if amount > .zero { refuse(path.key(name), "this machine has no \(name): cpu, memory and \(Self.gpu) are known") }
            }
        }
        return amounts
    }

    mutating func readEnvironment() {
        for (index, source) in (container["envFrom"]?.arrayValue ?? []).enumerated() {
            let path = containerPath.field("envFrom").index(index), prefix = source["prefix"]?.stringValue ?? ""
            let found = [(ObjectReference.Kind.configMap, "configMapRef"), (.secret, "secretRef")].filter { !PodFields.isUnset(source[$0.1] ?? .null) }
            guard found.count == 1, let (kind, field) = found.first else {
                errors.append(.invalid(path, source, "must have one of configMapRef and secretRef"))
                continue
            }
            if let object = reference(kind, source[field], name: "name", at: path.field(field)) { references.variables.append(.all(object, prefix: prefix)) }
        }
        for (index, variable) in (container["env"]?.arrayValue ?? []).enumerated() {
            readVariable(variable, at: containerPath.field("env").index(index))
        }
        // What needs no looking up is known to everybody who may see the task.
        let values = references.variables.compactMap { source -> EnvironmentVariable? in
            guard case .value(let name, let value) = source, !value.contains("$") else { return nil }
            return EnvironmentVariable(name, value)
        }
        if values.count == references.variables.count, !references.expandsVariables {
            task.env = values
            references.variables = []
        } else if !references.variables.isEmpty {
            references.expandsVariables = true
        }
    }

    private mutating func readVariable(_ variable: JSON, at path: FieldPath) {
        let name = variable["name"]?.stringValue ?? ""
        guard !name.isEmpty, !name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == 0 }) else {
            return errors.append(.invalid(path.field("name"), .string(name), "must be the name of a variable"))
        }
        guard let source = variable["valueFrom"], !PodFields.isUnset(source) else {
            return references.variables.append(.value(name: name, variable["value"]?.stringValue ?? ""))
        }
        let from = path.field("valueFrom")
        if !PodFields.isUnset(variable["value"] ?? .null) { errors.append(.invalid(from, "", "may not be specified when `value` is not empty")) }
        let kinds = (source.objectValue ?? [:]).filter { !PodFields.isUnset($0.value) }
        guard kinds.count == 1, let field = kinds.keys.first, let value = kinds.values.first else {
            return errors.append(.invalid(from, source, "must have exactly one source"))
        }
        switch field {
        case "configMapKeyRef", "secretKeyRef":
            guard let object = reference(field == "secretKeyRef" ? .secret : .configMap, value, name: "name", at: from.field(field)) else { return }
            guard let key = value["key"]?.stringValue, !key.isEmpty else { return errors.append(.required(from.field(field).field("key"))) }
            references.variables.append(.key(name: name, object, key: key))
        case "fieldRef", "resourceFieldRef":
            guard let text = downward(field, value, at: from.field(field)) else { return }
            // As it is: a `$` in a label is none of ours.
            references.variables.append(.value(name: name, text.replacing("$(", with: "$$(")))
        default: refuse(from.field(field), "the source of a variable is configMapKeyRef, secretKeyRef, fieldRef or resourceFieldRef")
        }
    }

    mutating func reference(_ kind: ObjectReference.Kind, _ value: JSON?, name field: String, at path: FieldPath) -> ObjectReference? {
        let name = value?[field]?.stringValue ?? ""
        guard !name.isEmpty else {
            errors.append(.required(path.field(field)))
            return nil
        }
        return ObjectReference(kind, name, isOptional: value?["optional"]?.boolValue ?? false)
    }
}
