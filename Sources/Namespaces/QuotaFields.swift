import Core
import Resources

/// The keys of a quota's `hard`.
enum QuotaFields {
    static let kind = "resourcequotas"
    static let rangeKind = "limitranges"
    /// The quota that a profile asks for, as Kubeflow names it.
    static let profileQuota = "kf-resource-quota"

    typealias AmountPath = WritableKeyPath<EffectiveQuota.Amounts, Int64?> & Sendable
    typealias CountPath = WritableKeyPath<EffectiveQuota, Int64?> & Sendable

    enum Meaning {
        case requests(AmountPath, milli: Bool), limits(AmountPath, milli: Bool), count(CountPath)
    }

    static var amounts: [(key: String, path: AmountPath, milli: Bool)] {
        [("cpu", \.cpuMillis, true), ("memory", \.memoryBytes, false), ("nvidia.com/gpu", \.gpus, false)]
    }

    /// Nil for a key that limits nothing here.
    static func meaning(_ key: String) -> Meaning? {
        switch key {
        case "pods", "count/pods": return .count(\.tasks)
        case "requests.storage": return .count(\.storageBytes)
        case "models", "count/models", "count/inferenceservices.serving.kserve.io": return .count(\.models)
        case "weight": return .count(\.weight)
        default: break
        }
        for (name, path, milli) in amounts {
            if key == "limits." + name { return .limits(path, milli: milli) }
            if key == name || key == "requests." + name { return .requests(path, milli: milli) }
        }
        return nil
    }

    /// What is wrong with a `hard`.
    static func errors(_ hard: JSON?, _ path: FieldPath) -> [FieldError] {
        (hard?.objectValue ?? [:]).flatMap { key, value -> [FieldError] in
            let place = path.key(key)
            if !Names.qualifiedName(key).isEmpty { return [.invalid(place, .string(key), "must be a name such as requests.cpu, pods or count/models")] }
            return amount(value, place) + (key == "weight" && (try? Quantity(value).units) == 0 ? [.invalid(place, value, "must be at least 1")] : [])
        }
    }

    static func amount(_ value: JSON, _ path: FieldPath) -> [FieldError] {
        do throws(MonoflowError) {
            return try Quantity(value).isNegative ? [.invalid(path, value, "must be greater than or equal to 0")] : []
        } catch { return [.invalid(path, value, error.message)] }
    }
}
