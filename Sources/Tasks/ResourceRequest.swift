/// What a task asks of a machine, and what it may use at most.
public struct ResourceRequest: Codable, Sendable, Equatable {
    /// Thousandths of a core; 0 asks for none in particular.
    public var cpuMillis: Int
    /// Thousandths of a core that a task may use at most; 0 is unlimited. Held where the executor can (`ResourceControl.cpuLimits`).
    public var cpuLimitMillis: Int
    /// Bytes; 0 asks for none in particular.
    public var memoryBytes: Int64
    /// Bytes a task may use before it is ended; 0 is unlimited.
    public var memoryLimitBytes: Int64
    public var gpus: Int

    public init(cpuMillis: Int = 0, cpuLimitMillis: Int = 0, memoryBytes: Int64 = 0, memoryLimitBytes: Int64 = 0, gpus: Int = 0) {
        self.cpuMillis = cpuMillis
        self.cpuLimitMillis = cpuLimitMillis
        self.memoryBytes = memoryBytes
        self.memoryLimitBytes = memoryLimitBytes
        self.gpus = gpus
    }

    private enum CodingKeys: String, CodingKey { case cpuMillis, cpuLimitMillis, memoryBytes, memoryLimitBytes, gpus }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        cpuMillis = try fields.decode(Int.self, forKey: .cpuMillis)
        // Rows of earlier releases have no such limit.
        cpuLimitMillis = try fields.decodeIfPresent(Int.self, forKey: .cpuLimitMillis) ?? 0
        memoryBytes = try fields.decode(Int64.self, forKey: .memoryBytes)
        memoryLimitBytes = try fields.decode(Int64.self, forKey: .memoryLimitBytes)
        gpus = try fields.decode(Int.self, forKey: .gpus)
    }

    /// Without a limit of CPU the text is that of earlier releases: keys of reused results are made of it.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(cpuMillis, forKey: .cpuMillis)
        if cpuLimitMillis != 0 { try fields.encode(cpuLimitMillis, forKey: .cpuLimitMillis) }
        try fields.encode(memoryBytes, forKey: .memoryBytes)
        try fields.encode(memoryLimitBytes, forKey: .memoryLimitBytes)
        try fields.encode(gpus, forKey: .gpus)
    }
}
