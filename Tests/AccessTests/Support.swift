import Core
import Database
import Foundation
import Logging
import Synchronization
import Testing

@testable import Access

/// A clock that stands still until it is moved.
final class ManualClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_800_000_000_000))
    var clock: WallClock { WallClock { self.now } }
    var now: Timestamp { time.withLock { $0 } }
    func advance(_ milliseconds: Int64) { time.withLock { $0.milliseconds += milliseconds } }
    static let day: Int64 = 86_400_000
}

/// A data directory with an access service over it.
final class Fixture: Sendable {
    static let migrations = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("migrations").path

    let directory: String
    let clock: ManualClock
    let database: MetadataDatabase
    let access: AccessService
    let services: ServiceTokens
    let outcome: AdminBootstrap.Outcome
    /// Namespaces of the tasks that run.
    let tasks: ActiveTasks

    init(directory: String = NSTemporaryDirectory() + "/monoflow-" + Identifiers.random(), clock: ManualClock = ManualClock()) throws {
        self.directory = directory
        self.clock = clock
        database = try MetadataDatabase(directory: directory)
        _ = try Migrator(directory: Self.migrations).migrate(database, now: clock.now)
        outcome = try AdminBootstrap.run(directory: directory, database: database, clock: clock.clock, identifiers: .random)
        services = ServiceTokens(key: try ServerKey.load(directory: directory))
        let tasks = ActiveTasks()
        self.tasks = tasks
        access = try AccessService(
            database: database, serviceTokens: services, clock: clock.clock, identifiers: .random, logger: Logger(label: "test")
        ) { id in tasks.namespaces.withLock { $0[id] } }
    }

    var adminToken: String {
        get throws {
            String(decoding: try Files.read(directory + "/admin-token"), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// A user with one role, and a token of theirs.
    func token(_ user: String, _ role: Role, in namespace: String, expiresAt: Timestamp? = nil) async throws -> IssuedToken {
        if !access.namespaces(of: Principal(user: "test", isAdmin: true, homeNamespace: "default", roles: [:])).map(\.name).contains(namespace) {
            try await access.createNamespace(namespace)
        }
        _ = try await access.createUser(name: user, homeNamespace: namespace, isAdmin: false, roles: [namespace: role])
        return try await access.createToken(user: user, name: "\(user)'s", expiresAt: expiresAt)
    }

    /// Closes the database and opens the directory again, as a new server process would.
    func restarted() async throws -> Fixture {
        try await database.close()
        return try Fixture(directory: directory, clock: clock)
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }
}

final class ActiveTasks: Sendable {
    let namespaces = Mutex<[String: String]>([:])
}

/// The error of our own that the body throws; nil where it throws none.
func failure(_ body: () async throws -> Void) async -> MonoflowError? {
    do {
        try await body()
        return nil
    } catch { return error as? MonoflowError }
}
