import Core
import Foundation

/// Directories of the server that a task's Unix user passes through to its own, where nothing is mounted for it. It cannot list them, and
/// what lies beside its own has no access for others.
enum PathAccess {
    static func allow(_ directory: String) throws(MonoflowError) {
        guard chmod(directory, 0o711) == 0 else { throw Files.failure("change mode", directory) }
    }

    static func close(_ directory: String) { chmod(directory, 0o700) }
}

/// Unix user ids that this process may give to tasks.
enum UserRange {
    /// For user namespaces with the usual 65,536 ids, as containers of unprivileged users have.
    private static let small: UInt32 = 30_000

    /// The preferred one, unless this user namespace does not have it.
    static func first(preferred: UInt32, map: String = "/proc/self/uid_map") -> UInt32 {
        let text = (try? Files.read(map, limit: 64 << 10)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let ranges = text.split(separator: "\n").compactMap { line -> Range<UInt64>? in
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            return numbers.count == 3 ? numbers[0]..<(numbers[0] + numbers[2]) : nil
        }
        return ranges.contains { $0.contains(UInt64(preferred)) } || !ranges.contains { $0.contains(UInt64(small)) } ? preferred : small
    }
}
