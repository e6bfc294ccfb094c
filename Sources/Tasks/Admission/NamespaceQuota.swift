/// What the tasks of one namespace may hold at once, and its weight among the others. What is nil is not bounded.
public struct NamespaceQuota: Sendable, Equatable {
    public static let weights = 1...100

    /// Thousandths of a core, as requested.
    public var cpuMillis: Int?
    /// Bytes, as requested.
    public var memoryBytes: Int64?
    public var gpus: Int?
    /// Tasks that run at once.
    public var tasks: Int?
    /// Two namespaces that both have tasks waiting get parts of the machine in the proportion of their weights. Within `weights`:
    /// what is outside counts as the nearest.
    public var weight: Int
    /// Cores, memory and limits of tasks that name none. They count at admission and hold at the start; stored specs stay as they are.
    /// GPUs are not given to tasks that ask for none.
    public var defaultRequest: ResourceRequest?

    public init(
        cpuMillis: Int? = nil, memoryBytes: Int64? = nil, gpus: Int? = nil, tasks: Int? = nil, weight: Int = 1, defaultRequest: ResourceRequest? = nil
    ) {
        self.cpuMillis = cpuMillis
        self.memoryBytes = memoryBytes
        self.gpus = gpus
        self.tasks = tasks
        self.weight = weight
        self.defaultRequest = defaultRequest
    }

    /// The request with the namespace's own values where it names none. A default limit is never below what the task asks for.
    public func filled(_ request: ResourceRequest) -> ResourceRequest {
        guard let defaults = defaultRequest else { return request }
        var filled = request
        if request.cpuMillis == 0 { filled.cpuMillis = request.cpuLimitMillis > 0 ? min(defaults.cpuMillis, request.cpuLimitMillis) : defaults.cpuMillis }
        if request.memoryBytes == 0 {
            filled.memoryBytes = request.memoryLimitBytes > 0 ? min(defaults.memoryBytes, request.memoryLimitBytes) : defaults.memoryBytes
        }
        if request.cpuLimitMillis == 0, defaults.cpuLimitMillis > 0 { filled.cpuLimitMillis = max(defaults.cpuLimitMillis, filled.cpuMillis) }
        if request.memoryLimitBytes == 0, defaults.memoryLimitBytes > 0 { filled.memoryLimitBytes = max(defaults.memoryLimitBytes, filled.memoryBytes) }
        return filled
    }

    var boundedWeight: Int { min(max(weight, Self.weights.lowerBound), Self.weights.upperBound) }

    /// What of the quota the task would exceed, e.g. `quota cpu: used 3, asks 2, allowed 4; quota gpu: …`; nil where it is within.
    /// - Parameter held: what the namespace holds; nil asks whether the task alone exceeds the quota.
    func excess(_ asked: ResourceAmount, beside held: ResourceAmount?) -> String? {
        var parts: [String] = []
        func check(_ name: String, _ asked: Int, _ used: Int?, _ allowed: Int?, _ text: (Int) -> String) {
            guard let allowed, asked > 0, (used ?? 0) + asked > allowed else { return }
            parts.append("quota \(name): " + (used.map { "used \(text($0)), " } ?? "") + "asks \(text(asked)), allowed \(text(allowed))")
        }
        check("cpu", asked.cpuMillis, held?.cpuMillis, cpuMillis, ResourceText.cores)
        check("memory", Int(asked.memoryBytes), held.map { Int($0.memoryBytes) }, memoryBytes.map { Int($0) }) { ResourceText.memory(Int64($0)) }
        check("gpu", asked.gpus, held?.gpus, gpus) { "\($0)" }
        check("tasks", asked.tasks, held?.tasks, tasks) { "\($0)" }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}

/// What a namespace's tasks hold and wait for, as its quota counts: requests, with the namespace's defaults in them.
public struct NamespaceUsage: Sendable, Equatable {
    /// Of tasks that were admitted and have not ended.
    public var held = ResourceAmount()
    /// Of tasks that wait for room, for their time, or because of a quota.
    public var waiting = ResourceAmount()
    /// nil where none is set.
    public var quota: NamespaceQuota?
    public init() {}
}

/// Amounts as people read them.
enum ResourceText {
    /// `2`, `0.5`.
    static func cores(_ millis: Int) -> String { millis % 1000 == 0 ? "\(millis / 1000)" : "\(Double(millis) / 1000)" }

    /// In the largest binary unit that divides it: `3 GiB`, `1536 MiB`, `1000 bytes`.
    static func memory(_ bytes: Int64) -> String {
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] as [(Int64, String)] where bytes != 0 && bytes % (1 << shift) == 0 {
            return "\(bytes >> shift) \(unit)"
        }
        return "\(bytes) bytes"
    }
}
