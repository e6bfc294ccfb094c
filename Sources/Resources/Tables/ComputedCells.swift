import Core

/// The cells of one object that no path leads to: what `kubectl get` shows of the kinds it knows.
struct ComputedCells {
    let object: JSON
    let now: Timestamp
    private var pod: PodSummary?

    init(_ object: JSON, now: Timestamp) {
        self.object = object
        self.now = now
    }

    mutating func value(_ cell: PrinterColumn.Computed) -> JSON {
        switch cell {
        case .dataCount: .int(Int64(count(object["data"]) + count(object["binaryData"])))
        case .secretCount: .int(Int64(count(object["secrets"])))
        case .activeCount: .int(Int64(count(object["status"]?["active"])))
        case .accessModes: .string(accessModes)
        case .podReady: .string("\(summary.ready)/\(summary.total)")
        case .podStatus: .string(summary.status)
        case .podRestarts: .string(summary.restartText(now: now))
        case .readinessGates: .string(readinessGates)
        case .jobStatus: .string(JobCells.status(object))
        case .jobCompletions: .string(JobCells.completions(object))
        case .jobDuration: .string(JobCells.duration(object, now: now))
        case .containerNames: .string(containers("name"))
        case .containerImages: .string(containers("image"))
        case .selector: .string(selector)
        case .eventLastSeen: .string(EventCells.age(EventCells.lastSeen(object), now: now))
        case .eventFirstSeen: .string(EventCells.age(EventCells.firstSeen(object), now: now))
        case .eventObject: .string(EventCells.object(object))
        case .eventSource: .string(EventCells.source(object))
        case .quotaRequests: .string(AccessCells.quota(object, limits: false))
        case .quotaLimits: .string(AccessCells.quota(object, limits: true))
        case .bindingRole: .string(AccessCells.role(object))
        case .bindingUsers: .string(AccessCells.subjects(object, "User"))
        case .bindingGroups: .string(AccessCells.subjects(object, "Group"))
        case .bindingAccounts: .string(AccessCells.subjects(object, "ServiceAccount"))
        }
    }

    /// Three columns of a pod need it.
    private var summary: PodSummary {
        mutating get {
            if let pod { return pod }
            let made = PodSummary(object)
            pod = made
            return made
        }
    }

    private func count(_ value: JSON?) -> Int {
        switch value {
        case .object(let members)?: members.count
        case .array(let items)?: items.count
        default: 0
        }
    }

    /// In Kubernetes' order, each once.
    private var accessModes: String {
        let modes = object["spec"]?["accessModes"]?.arrayValue ?? []
        return [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")]
            .filter { modes.contains(.string($0.0)) }.map(\.1).joined(separator: ",")
    }

    private var readinessGates: String {
        let gates = object["spec"]?["readinessGates"]?.arrayValue ?? []
        if gates.isEmpty { return "<none>" }
        let holding = gates.filter { gate in
            gate["conditionType"]?.stringValue.map { Conditions.holds($0, in: object) } ?? false
        }
        return "\(holding.count)/\(gates.count)"
    }

    /// The spec that has the pod template: the object's own, or that of the jobs which it makes.
    private var templateOwner: JSON? {
        let spec = object["spec"]
        return spec?["jobTemplate"]?["spec"] ?? spec
    }

    private func containers(_ field: String) -> String {
        let list = templateOwner?["template"]?["spec"]?["containers"]?.arrayValue ?? []
        return list.map { $0[field]?.stringValue ?? "" }.joined(separator: ",")
    }

    private var selector: String {
        guard let structured = templateOwner?["selector"], !structured.isNull else { return "<none>" }
        var errors: [FieldError] = []
        let selector = LabelSelector.read(structured, at: FieldPath(), errors: &errors)
        if !errors.isEmpty { return "<error>" }
        return selector.isEmpty ? "<none>" : LabelSelector(requirements: selector.requirements.sorted { $0.key < $1.key }).description
    }
}

/// The list `status.conditions` that many kinds have.
enum Conditions {
    static func find(_ type: String, in object: JSON) -> JSON? {
        object["status"]?["conditions"]?.arrayValue?.first { $0["type"] == .string(type) }
    }

    static func holds(_ type: String, in object: JSON) -> Bool { find(type, in: object)?["status"] == "True" }
}
