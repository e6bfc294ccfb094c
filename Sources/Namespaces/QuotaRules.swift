import Access
import Core
import GRDB
import Resources

/// The kind `resourcequotas`: what a namespace may use. Others enforce it; this keeps it, and tells them of it.
struct QuotaRules: KindRules {
    let bindings: BindingProjection
    let resources: ResourceService
    let publisher: QuotaPublisher

    func complete(_ change: inout ResourceChange) throws(MonoflowError) {
        guard change.operation != .remove, change.subresource == nil else { return }
        var status = change.new["status"] ?? [:]
        status["hard"] = change.new["spec"]?["hard"] ?? [:]
        change.new["status"] = status
    }

    func errors(_ change: ResourceChange) -> [FieldError] {
        let spec = FieldPath().field("spec")
        var errors = QuotaFields.errors(change.new["spec"]?["hard"], spec.field("hard"))
        for field in ["scopes", "scopeSelector"] {
            let value = change.new["spec"]?[field]
            if value?.arrayValue?.isEmpty == false || value?.objectValue?.isEmpty == false {
                errors.append(.forbidden(spec.field(field), "quotas of some tasks alone are not known here"))
            }
        }
        return errors
    }

    func write(_ db: GRDB.Database, _ change: ResourceChange) throws {
        let namespace = change.key.namespace
        guard change.key.name == QuotaFields.profileQuota, try bindings.profileOwner(db, namespace) != nil, try !bindings.isTerminating(db, namespace),
            let profile = try ResourceStore.find(db, ResourceKey(kind: ProfileRules.kind, namespace: "", name: namespace))
        else { return }
        let wanted = ProfileRules.quota(try JSONParser.parse(profile.document))?["hard"]
        // Where the profile asks for none, the object is anybody's.
        guard let wanted, change.operation == .remove || change.new["spec"]?["hard"] != wanted else { return }
        throw MonoflowError(
            .failedPrecondition, "write \(QuotaFields.kind)", QuotaFields.profileQuota, "the quota follows the profile \(namespace)",
            hint: "change spec.resourceQuotaSpec of the profile, or add a quota of another name")
    }

    func committed(_ change: ResourceChange) async {
        if change.subresource == nil, change.old?["spec"] != change.new["spec"] || change.operation != .update { await publisher.changed(change.key.namespace) }
    }
}

/// The kind `limitranges`: what tasks ask for where they say nothing, and the most that one may ask for.
struct LimitRangeRules: KindRules {
    let publisher: QuotaPublisher

    func errors(_ change: ResourceChange) -> [FieldError] {
        let types = ["Container", "Pod", "PersistentVolumeClaim"]
        return (change.new["spec"]?["limits"]?.arrayValue ?? []).enumerated().flatMap { index, item -> [FieldError] in
            let path = FieldPath().field("spec").field("limits").index(index)
            guard let type = item["type"]?.stringValue, types.contains(type) else { return [.notSupported(path.field("type"), item["type"] ?? .null, types)] }
            var errors: [FieldError] = []
            for field in ["default", "defaultRequest"] where type != "Container" && item[field]?.objectValue?.isEmpty == false {
                errors.append(.forbidden(path.field(field), "may be set for type Container only"))
            }
            for field in ["default", "defaultRequest", "max", "min"] {
                for (key, value) in item[field]?.objectValue ?? [:] { errors += QuotaFields.amount(value, path.field(field).key(key)) }
            }
            return errors.isEmpty ? Self.order(item, path) : errors
        }
    }

    /// Each amount is at most those after it.
    private static func order(_ item: JSON, _ path: FieldPath) -> [FieldError] {
        let fields = ["min", "defaultRequest", "default", "max"]
        var errors: [FieldError] = []
        for (place, low) in fields.enumerated() {
            for high in fields[(place + 1)...] {
                for (key, value) in item[low]?.objectValue ?? [:] {
                    guard let other = item[high]?[key], let a = try? Quantity(value), let b = try? Quantity(other), a > b else { continue }
                    errors.append(.invalid(path.field(low).key(key), value, "must be less than or equal to \(high), \(b)"))
                }
            }
        }
        return errors
    }

    func committed(_ change: ResourceChange) async {
        if change.operation != .update || change.old?["spec"] != change.new["spec"] { await publisher.changed(change.key.namespace) }
    }
}
