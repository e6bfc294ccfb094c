/// So much of a machine: what it has, what tasks hold of it, what they wait for.
public struct ResourceAmount: Sendable, Equatable {
    /// Thousandths of a core.
    public var cpuMillis: Int
    /// Bytes.
    public var memoryBytes: Int64
    public var gpus: Int
    /// Tasks at once, whatever they ask for.
    public var tasks: Int

    public init(cpuMillis: Int = 0, memoryBytes: Int64 = 0, gpus: Int = 0, tasks: Int = 0) {
        self.cpuMillis = cpuMillis
        self.memoryBytes = memoryBytes
        self.gpus = gpus
        self.tasks = tasks
    }

    /// One task of this request. More than any machine has is counted as 2^43 of it, so that sums of waiting tasks stay in range.
    init(_ request: ResourceRequest) {
        let most = 1 << 43
        self.init(
            cpuMillis: min(max(request.cpuMillis, 0), most), memoryBytes: min(max(request.memoryBytes, 0), Int64(most)),
            gpus: min(max(request.gpus, 0), most), tasks: 1)
    }

    static func += (sum: inout ResourceAmount, other: ResourceAmount) {
        sum.cpuMillis += other.cpuMillis
        sum.memoryBytes += other.memoryBytes
        sum.gpus += other.gpus
        sum.tasks += other.tasks
    }

    static func -= (sum: inout ResourceAmount, other: ResourceAmount) {
        sum.cpuMillis -= other.cpuMillis
        sum.memoryBytes -= other.memoryBytes
        sum.gpus -= other.gpus
        sum.tasks -= other.tasks
    }

    /// Whether there is room for it beside what is used. What is not asked for needs no room, even where more is used than there is.
    func fits(in capacity: ResourceAmount, beside used: ResourceAmount) -> Bool {
        func fits(_ asked: Int, _ used: Int, _ all: Int) -> Bool { asked == 0 || used + asked <= all }
        return fits(cpuMillis, used.cpuMillis, capacity.cpuMillis) && fits(Int(memoryBytes), Int(used.memoryBytes), Int(capacity.memoryBytes))
            && fits(gpus, used.gpus, capacity.gpus) && fits(tasks, used.tasks, capacity.tasks)
    }

    /// Whether taking it leaves another, for which room is awaited, no worse off: it takes nothing of what the other lacks, and of the
    /// rest leaves enough.
    func spares(_ other: ResourceAmount, in capacity: ResourceAmount, beside used: ResourceAmount) -> Bool {
        func spares(_ asked: Int, _ kept: Int, _ used: Int, _ all: Int) -> Bool { asked == 0 || kept == 0 || used + asked + kept <= all }
        return spares(cpuMillis, other.cpuMillis, used.cpuMillis, capacity.cpuMillis)
            && spares(Int(memoryBytes), Int(other.memoryBytes), Int(used.memoryBytes), Int(capacity.memoryBytes))
            && spares(gpus, other.gpus, used.gpus, capacity.gpus) && spares(tasks, other.tasks, used.tasks, capacity.tasks)
    }

    /// The largest part that it is of any resource of the machine: 0 for nothing, 1 for all of one.
    func dominantShare(of capacity: ResourceAmount) -> Double {
        func part(_ amount: Int, _ all: Int) -> Double { all > 0 ? Double(amount) / Double(all) : 0 }
        return max(
            part(cpuMillis, capacity.cpuMillis), part(Int(memoryBytes), Int(capacity.memoryBytes)), part(gpus, capacity.gpus), part(tasks, capacity.tasks))
    }
}
