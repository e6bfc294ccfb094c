import Core
import Foundation
import Synchronization

/// Compressed forms of static files, made when they are first asked for and kept in memory up to a bound. A form belongs to one
/// state of its file: a changed file has another entity tag.
final class CodedFileCache: Sendable {
    private struct Entry {
        let entityTag: String
        /// Nil where compressing does not make it smaller.
        let coded: [UInt8]?
        var lastUse: Int
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var bytes = 0
        var uses = 0

        mutating func keep(_ path: String, _ tag: String, _ coded: [UInt8]?, bound: Int, entryLimit: Int) {
            remove(path)
            uses += 1
            entries[path] = Entry(entityTag: tag, coded: coded, lastUse: uses)
            bytes += coded?.count ?? 0
            while bytes > bound || entries.count > entryLimit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
                remove(oldest)
            }
        }

        private mutating func remove(_ path: String) {
            if let old = entries.removeValue(forKey: path) { bytes -= old.coded?.count ?? 0 }
        }
    }

    /// Of compressed bytes.
    private let bound: Int
    private let fileLimit: Int64
    private static let entryLimit = 1_000
    private static let minimumBytes: Int64 = 256

    private let state = Mutex(State())

    /// - Parameter fileLimit: a larger file is not compressed, which would take tens of milliseconds.
    init(bound: Int = 8 << 20, fileLimit: Int64 = 1 << 20) {
        self.bound = bound
        self.fileLimit = fileLimit
    }

    /// Nil where the file is better sent as it is. The first time it compresses: about 5 ms for 200 KiB.
    func gzip(of file: HTTPFile, path: String) -> [UInt8]? {
        guard (Self.minimumBytes...fileLimit).contains(file.size) else { return nil }
        let known = state.withLock { state -> Entry? in
            guard let entry = state.entries[path], entry.entityTag == file.entityTag else { return nil }
            state.uses += 1
            state.entries[path]?.lastUse = state.uses
            return entry
        }
        if let known { return known.coded }
        guard let bytes = Self.read(file), let coded = try? Deflater(.gzip, level: 9).compress(bytes) else { return nil }
        let kept = coded.count < bytes.count ? coded : nil
        state.withLock { $0.keep(path, file.entityTag, kept, bound: bound, entryLimit: Self.entryLimit) }
        return kept
    }

    /// Nil where the file has become shorter than it was.
    private static func read(_ file: HTTPFile) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: Int(file.size)), at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeMutableBytes { pread(file.descriptor, $0.baseAddress.map { $0 + at }, $0.count - at, off_t(at)) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            at += count
        }
        return bytes
    }

    var bytes: Int { state.withLock { $0.bytes } }
}
