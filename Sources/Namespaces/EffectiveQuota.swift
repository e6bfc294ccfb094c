import Core
import Resources

/// What a namespace may use, from all of its quotas and limit ranges: of several amounts the smallest. Nil: as much as there is.
public struct EffectiveQuota: Sendable, Equatable {
    /// Amounts that a task asks for or is limited to.
    public struct Amounts: Sendable, Equatable {
        public var cpuMillis: Int64?
        public var memoryBytes: Int64?
        public var gpus: Int64?

        public init(cpuMillis: Int64? = nil, memoryBytes: Int64? = nil, gpus: Int64? = nil) {
            self.cpuMillis = cpuMillis
            self.memoryBytes = memoryBytes
            self.gpus = gpus
        }
    }

    /// Sums of what running tasks ask for: `requests.cpu`, `requests.memory`, `requests.nvidia.com/gpu`; also without `requests.`.
    public var requests = Amounts()
    /// Sums of what running tasks are limited to: `limits.cpu`, `limits.memory`, `limits.nvidia.com/gpu`.
    public var limits = Amounts()
    /// Tasks that run at one time: `pods`, `count/pods`.
    public var tasks: Int64?
    /// Bytes of artifacts and volumes: `requests.storage`.
    public var storageBytes: Int64?
    /// Served models: `count/models`, `models`, `count/inferenceservices.serving.kserve.io`.
    public var models: Int64?
    /// Share of the machine beside other namespaces that want it, 1 where nobody says: `weight`.
    public var weight: Int64?
    /// What a task asks for that says nothing: `defaultRequest` of limit ranges for containers, else their `default`.
    public var defaultRequest = Amounts()
    /// What a task is limited to that says nothing: `default`.
    public var defaultLimit = Amounts()
    /// The most that one task may ask for: `max`.
    public var maximum = Amounts()

    /// Nothing is limited.
    public init() {}

    /// - Parameters:
    ///   - quotas: objects of the kind `resourcequotas`. What cannot be read limits nothing: it was refused when it was written.
    ///   - ranges: objects of the kind `limitranges`.
    public init(quotas: [JSON], ranges: [JSON]) {
        for quota in quotas {
            for (key, value) in quota["spec"]?["hard"]?.objectValue ?? [:] {
                guard let amount = try? Quantity(value) else { continue }
                add(key, amount)
            }
        }
        for range in ranges {
            for item in range["spec"]?["limits"]?.arrayValue ?? [] where item["type"]?.stringValue == "Container" || item["type"]?.stringValue == "Pod" {
                maximum.lower(item["max"])
                guard item["type"]?.stringValue == "Container" else { continue }
                defaultLimit.lower(item["default"])
                defaultRequest.lower(item["defaultRequest"])
            }
        }
        // As in Kubernetes a default limit is the default request, too.
        defaultRequest.fill(from: defaultLimit)
    }

    private mutating func add(_ key: String, _ amount: Quantity) {
        switch QuotaFields.meaning(key) {
        case .requests(let path, let milli): requests[keyPath: path] = Self.lower(requests[keyPath: path], milli ? amount.milliUnits : amount.units)
        case .limits(let path, let milli): limits[keyPath: path] = Self.lower(limits[keyPath: path], milli ? amount.milliUnits : amount.units)
        case .count(let path): self[keyPath: path] = Self.lower(self[keyPath: path], amount.units)
        case nil: break
        }
    }

    fileprivate static func lower(_ a: Int64?, _ b: Int64) -> Int64 { min(a ?? .max, b) }
}

extension EffectiveQuota.Amounts {
    /// The smaller of what is there and what the map says.
    fileprivate mutating func lower(_ map: JSON?) {
        for (key, path, milli) in QuotaFields.amounts {
            guard let value = map?[key], let amount = try? Quantity(value) else { continue }
            self[keyPath: path] = EffectiveQuota.lower(self[keyPath: path], milli ? amount.milliUnits : amount.units)
        }
    }

    fileprivate mutating func fill(from other: Self) {
        cpuMillis = cpuMillis ?? other.cpuMillis
        memoryBytes = memoryBytes ?? other.memoryBytes
        gpus = gpus ?? other.gpus
    }
}

/// What a namespace uses now.
public struct NamespaceUsage: Sendable, Equatable {
    public var requests: EffectiveQuota.Amounts
    public var limits: EffectiveQuota.Amounts
    public var tasks: Int64
    public var storageBytes: Int64
    public var models: Int64

    public init(
        requests: EffectiveQuota.Amounts = .init(), limits: EffectiveQuota.Amounts = .init(), tasks: Int64 = 0, storageBytes: Int64 = 0, models: Int64 = 0
    ) {
        self.requests = requests
        self.limits = limits
        self.tasks = tasks
        self.storageBytes = storageBytes
        self.models = models
    }

    /// The amount in use of what a quota's key names, as text; nil for a key that nothing is known of.
    func text(_ key: String) -> String? {
        func text(_ value: Int64?, milli: Bool, memory: Bool) -> String {
            let format: Quantity.Format = memory ? .binarySI : .decimalSI
            return (milli ? Quantity(milliUnits: value ?? 0, format: format) : Quantity(units: value ?? 0, format: format)).description
        }
        switch QuotaFields.meaning(key) {
        case .requests(let path, let milli): return text(requests[keyPath: path], milli: milli, memory: path == \.memoryBytes)
        case .limits(let path, let milli): return text(limits[keyPath: path], milli: milli, memory: path == \.memoryBytes)
        case .count(let path):
            if path == \.tasks { return text(tasks, milli: false, memory: false) }
            if path == \.models { return text(models, milli: false, memory: false) }
            return path == \.storageBytes ? text(storageBytes, milli: false, memory: true) : nil
        case nil: return nil
        }
    }
}
