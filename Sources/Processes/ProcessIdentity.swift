import Core
import Foundation

/// Names one process for ever: ids are used again, but not with the same boot and start time.
public struct ProcessIdentity: Sendable, Equatable {
    /// Linux boot id, as in /proc/sys/kernel/random/boot_id.
    public var bootID: String
    public var pid: Int32
    /// Clock ticks since boot, field 22 of /proc/PID/stat.
    public var startTicks: UInt64

    public init(bootID: String, pid: Int32, startTicks: UInt64) {
        self.bootID = bootID
        self.pid = pid
        self.startTicks = startTicks
    }

    /// The identity of a process that exists now (also one that ended and was not reaped yet); nil where there is none.
    public static func of(pid: Int32, bootID: String) -> ProcessIdentity? {
        guard let stat = try? Files.read("/proc/\(pid)/stat", limit: 4096), let ticks = startTicks(stat: stat) else { return nil }
        return ProcessIdentity(bootID: bootID, pid: pid, startTicks: ticks)
    }

    /// - Throws: `internalError` where /proc is not there.
    public static func currentBootID() throws(MonoflowError) -> String {
        let text = try Files.read("/proc/sys/kernel/random/boot_id", limit: 256)
        return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The fields are counted after the program's name, which may itself hold spaces and brackets.
    static func startTicks(stat: [UInt8]) -> UInt64? {
        guard let bracket = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = stat[(bracket + 1)...].split(separator: UInt8(ascii: " "))
        // The first field after the name is number 3.
        guard fields.count > 19 else { return nil }
        return UInt64(String(decoding: fields[19], as: UTF8.self))
    }
}
