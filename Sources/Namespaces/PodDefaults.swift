import Core
import Resources

/// What a namespace's pod defaults add to a pod template, by Kubeflow's rules: those whose selector finds the pod's labels are merged into it in the order
/// of their names. Two that want different things, or one that wants another thing than the pod itself says, are a conflict; nothing wins in silence.
public enum PodDefaults {
    public static let kind = "poddefaults.kubeflow.org"
    private static let annotation = "poddefault.admission.kubeflow.org/"

    /// - Parameters:
    ///   - podTemplate: `metadata` and `spec` of the pod.
    ///   - labels: the pod's labels, an object of texts; those of the template itself where nil.
    ///   - defaults: objects of the kind `poddefaults` of the pod's namespace, in any order.
    /// - Returns: the template with what was added; which defaults those were stands in its annotations.
    /// - Throws: `failedPrecondition` with every conflict and both of its sides; `invalidArgument` for a selector that cannot be read.
    public static func apply(to podTemplate: JSON, labels: JSON? = nil, defaults: [JSON]) throws(MonoflowError) -> JSON {
        if podTemplate.metadata["annotations"]?[annotation + "exclude"]?.stringValue == "true" { return podTemplate }
        let chosen = try matching(labels ?? podTemplate.metadata["labels"], defaults)
        if chosen.isEmpty { return podTemplate }
        var merge = PodMerge(defaults: chosen)
        let result = merge.applied(to: podTemplate, annotation: annotation)
        guard merge.conflicts.isEmpty else {
            throw MonoflowError(
                .failedPrecondition, "apply pod defaults", podTemplate.name, merge.conflicts.joined(separator: "; "),
                hint: "change one of the two, or its selector")
        }
        return result
    }

    /// Those that the labels are selected by, in the order of their names; ones on their way out are left out.
    public static func matching(_ labels: JSON?, _ defaults: [JSON]) throws(MonoflowError) -> [JSON] {
        var chosen: [JSON] = []
        for item in defaults.sorted(by: { $0.name < $1.name }) where !item.isBeingDeleted {
            var errors: [FieldError] = []
            let selector = LabelSelector.read(item["spec"]?["selector"] ?? [:], at: FieldPath().field("spec").field("selector"), errors: &errors)
            if let error = errors.first {
                throw MonoflowError(.invalidArgument, "apply pod defaults", "poddefault \(item.name), \(error.path)", error.message)
            }
            if selector.matches(labels) { chosen.append(item) }
        }
        return chosen
    }
}

/// The kind `poddefaults`: what the schema cannot say of a selector.
struct PodDefaultRules: KindRules {
    func errors(_ change: ResourceChange) -> [FieldError] {
        var errors: [FieldError] = []
        _ = LabelSelector.read(change.new["spec"]?["selector"] ?? [:], at: FieldPath().field("spec").field("selector"), errors: &errors)
        return errors
    }
}

/// Merges defaults into one pod template, and notes what does not go together.
private struct PodMerge {
    let defaults: [JSON]
    var conflicts: [String] = []

    init(defaults: [JSON]) { self.defaults = defaults }

    mutating func applied(to template: JSON, annotation: String) -> JSON {
        var template = template, spec = template["spec"] ?? [:]
        for field in ["labels", "annotations"] { template.setMetadata(field, map(template.metadata[field], field)) }
        var annotations = template.metadata["annotations"] ?? [:]
        for item in defaults { annotations[annotation + "poddefault-" + item.name] = .string(item.metadata["resourceVersion"]?.stringValue ?? "") }
        template.setMetadata("annotations", annotations)

        for (field, key) in [("volumes", "name"), ("tolerations", "key"), ("imagePullSecrets", "name")] {
            spec[field] = list(spec[field], field, key, "the pod")
        }
        for field in ["containers", "initContainers"] {
            guard let containers = spec[field]?.arrayValue else { continue }
            var merged: [JSON] = []
            for container in containers { merged.append(self.container(container, isMain: field == "containers")) }
            spec[field] = .array(merged)
        }
        // What is added has its own environment already.
        spec["initContainers"] = list(spec["initContainers"], "initContainers", "name", "the pod")
        spec["containers"] = list(spec["containers"], "sidecars", "name", "the pod")
        for field in ["serviceAccountName", "automountServiceAccountToken"] {
            if let value = single(field) { spec[field] = value }
        }
        template["spec"] = spec
        return template
    }

    private mutating func container(_ container: JSON, isMain: Bool) -> JSON {
        var container = container
        let place = "the container \"\(container["name"]?.stringValue ?? "")\""
        container["env"] = list(container["env"], "env", "name", place)
        container["envFrom"] = list(container["envFrom"], "envFrom", nil, place)
        container["volumeMounts"] = list(container["volumeMounts"], "volumeMounts", "mountPath", place)
        guard isMain else { return container }
        for field in ["command", "args"] where container[field]?.arrayValue?.isEmpty ?? true {
            if let value = single(field) { container[field] = value }
        }
        return container
    }

    /// The list with the items that the defaults add to it, each key once.
    /// - Parameter key: nil where items have none: only equal ones are left out.
    private mutating func list(_ list: JSON?, _ field: String, _ key: String?, _ place: String) -> JSON? {
        var items = list?.arrayValue ?? []
        func name(_ item: JSON) -> String { key.map { item[$0]?.stringValue ?? "" } ?? item.canonicalText() }
        var sources: [String: (item: JSON, from: String)] = [:]
        for item in items where sources[name(item)] == nil { sources[name(item)] = (item, place) }
        for source in defaults {
            for item in source["spec"]?[field]?.arrayValue ?? [] {
                let from = "the pod default \"\(source.name)\""
                if let before = sources[name(item)] {
                    if before.item.canonicalText() != item.canonicalText() { conflict(field, name(item), before.from, from) }
                    continue
                }
                sources[name(item)] = (item, from)
                items.append(item)
            }
        }
        return items.isEmpty ? list : .array(items)
    }

    private mutating func map(_ map: JSON?, _ field: String) -> JSON? {
        var result = map?.objectValue ?? [:]
        var sources = Dictionary(uniqueKeysWithValues: result.keys.map { ($0, "the pod") })
        for source in defaults {
            for (key, value) in source["spec"]?[field]?.objectValue ?? [:] {
                let from = "the pod default \"\(source.name)\""
                if let before = result[key], before != value { conflict(field, key, sources[key] ?? "", from) } else if result[key] == nil {
                    result[key] = value
                    sources[key] = from
                }
            }
        }
        return result.isEmpty ? map : .object(result)
    }

    /// What the defaults agree on; it replaces what the pod says.
    private mutating func single(_ field: String) -> JSON? {
        var found: (value: JSON, from: String)?
        for source in defaults {
            guard let value = source["spec"]?[field], !value.isNull, value.stringValue != "", value.arrayValue?.isEmpty != true else { continue }
            let from = "the pod default \"\(source.name)\""
            if let found, found.value != value { conflict(field, "", found.from, from) } else if found == nil { found = (value, from) }
        }
        return found?.value
    }

    private mutating func conflict(_ field: String, _ key: String, _ a: String, _ b: String) {
        let text = "\(field)\(key.isEmpty ? "" : " \"\(key)\"") is one thing in \(a) and another in \(b)"
        if !conflicts.contains(text) { conflicts.append(text) }
    }
}
