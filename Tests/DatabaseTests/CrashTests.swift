import Core
import Database
import Foundation
import GRDB
import Synchronization
import Testing

private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}

@Suite struct CrashTests {
    /// A process that is killed while 16 writers work keeps every write that it had acknowledged.
    @Test func whatReturnedSurvivesAKill() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let database = try MetadataDatabase(directory: path)
            try database.writeBlocking { try $0.execute(sql: "CREATE TABLE items (id INTEGER PRIMARY KEY) STRICT") }
            let log = open(path + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
            let count = Counter()
            await withTaskGroup(of: Void.self) { group in
                for worker in 0..<16 {
                    group.addTask {
                        for turn in 0..<1000 {
                            let id = worker * 1000 + turn
                            do {
                                try await database.write(lane: worker % 4 == 0 ? .bulk : .transitions) { try insert($0, id) }
                                try Files.write(Array("\(id)\n".utf8), descriptor: log, path: path)
                            } catch { return }
                            if count.next() == 500 { kill(getpid(), SIGKILL) }
                        }
                    }
                }
            }
        }
        let acknowledged = Set(String(decoding: try Files.read(path + "/acknowledged"), as: UTF8.self).split(separator: "\n").compactMap { Int($0) })
        #expect(acknowledged.count >= 500)
        let stored = Set(try await MetadataDatabase(directory: path).read(ids))
        #expect(acknowledged.isSubset(of: stored))
        // At most the writes that were under way are stored without having been acknowledged.
        #expect(stored.count <= acknowledged.count + 16)
    }
}
