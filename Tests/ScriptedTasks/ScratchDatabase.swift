import Core
import Database
import Foundation

/// A database of today's schema in a directory of its own, which goes with it.
public final class ScratchDatabase: Sendable {
    public let directory: String
    public let database: MetadataDatabase

    public init() throws {
        directory = NSTemporaryDirectory() + "/monoflow-" + Identifiers.random()
        database = try MetadataDatabase(directory: directory)
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        _ = try Migrator(directory: root.appendingPathComponent("migrations").path).migrate(database, now: Timestamp(milliseconds: 0))
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }
}
