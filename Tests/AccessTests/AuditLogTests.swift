import Core
import Database
import Foundation
import GRDB
import Logging
import Testing

@testable import Access

@Suite(.timeLimit(.minutes(1))) struct AuditLogTests {
    private func entry(_ path: String, user: String = "ann", namespace: String = "team", at: Timestamp) -> AuditEntry {
        AuditEntry(
            at: at, user: user, tokenID: user.isEmpty ? nil : "t", method: "POST", route: "/r", path: path, namespace: namespace, status: 200, peer: "::1",
            requestID: nil)
    }

    private func log(_ fixture: Fixture, _ change: (inout AuditLimits) -> Void = { _ in }) -> AuditLog {
        var limits = AuditLimits()
        limits.delay = .milliseconds(1)
        change(&limits)
        return AuditLog(database: fixture.database, clock: fixture.clock.clock, logger: Logger(label: "test"), limits: limits)
    }

    @Test func entriesArePagedAndFiltered() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let log = log(fixture)
        for index in 0..<1000 {
            log.add(entry("/\(index)", user: index % 2 == 0 ? "ann" : "bob", namespace: index % 5 == 0 ? "team" : "other", at: fixture.clock.now))
        }
        await log.flush()
        var paths: [String] = [], before: Int64?
        while true {
            let page = try await log.entries(namespace: "team", user: "bob", before: before, limit: 30)
            if page.isEmpty { break }
            paths += page.map(\.path)
            before = page.last?.id
        }
        #expect(paths == (0..<1000).reversed().filter { $0 % 2 == 1 && $0 % 5 == 0 }.map { "/\($0)" })
        #expect(try await log.entries(limit: 2).map(\.path) == ["/999", "/998"])
        #expect(log.dropped == 0)
    }

    @Test func aFullQueueDropsAndSaysSo() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let log = log(fixture) { ($0.queue, $0.unnamedQueue, $0.delay) = (5, 2, .milliseconds(300)) }
        // Strangers do not push out the others.
        for index in 0..<10 { log.add(entry("/x\(index)", user: "", at: fixture.clock.now)) }
        for index in 0..<4 { log.add(entry("/\(index)", at: fixture.clock.now)) }
        #expect(log.dropped == 9)
        await log.flush()
        log.add(entry("/later", at: fixture.clock.now))
        await log.flush()
        let entries = try await log.entries(limit: 10)
        #expect(entries.map(\.path) == ["/later", "/2", "/1", "/0", "/x1", "/x0"])
        #expect(entries.map(\.dropped) == [1, 0, 0, 8, 0, 0])
    }

    @Test func whatTheDatabaseDoesNotTakeIsCounted() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let log = log(fixture)
        try await fixture.database.write { try $0.execute(sql: "ALTER TABLE audit RENAME TO gone") }
        for _ in 0..<3 { log.add(entry("/lost", at: fixture.clock.now)) }
        await log.flush()
        #expect(log.dropped == 3)
        try await fixture.database.write { try $0.execute(sql: "ALTER TABLE gone RENAME TO audit") }
        log.add(entry("/kept", at: fixture.clock.now))
        await log.flush()
        #expect(try await log.entries(limit: 10).map(\.dropped) == [3])
    }

    @Test func oldRowsGo() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let log = log(fixture) { ($0.named, $0.unnamed, $0.ageMilliseconds, $0.trimMilliseconds) = (700, 3, 1000, 0) }
        func paths() async throws -> [String] { try await log.entries(limit: 10_000).map(\.path) }
        for index in 0..<2000 { log.add(entry("/\(index)", at: fixture.clock.now)) }
        for index in 0..<8 { log.add(entry("/x\(index)", user: "", at: fixture.clock.now)) }
        await log.flush()
        while try await paths().count > 703 { await Task.yield() }
        #expect(try await paths() == ["/x7", "/x6", "/x5"] + (1300..<2000).reversed().map { "/\($0)" })
        fixture.clock.advance(1001)
        log.add(entry("/new", at: fixture.clock.now))
        await log.flush()
        while try await paths().count > 1 { await Task.yield() }
        #expect(try await paths() == ["/new"])
    }

    @Test func longTextsAreCut() {
        let entry = AuditEntry(
            at: Timestamp(milliseconds: 0), user: "", tokenID: nil, method: "GET", route: "/", path: String(repeating: "ä", count: 5000),
            namespace: String(repeating: "n", count: 5000), status: 403, peer: "", requestID: String(repeating: "r", count: 5000))
        #expect(entry.path.utf8.count == 1024 && entry.namespace.utf8.count == 253 && entry.requestID?.utf8.count == 128)
    }

    @Test func aNoteHoldsTheLastNamespaceAskedFor() throws {
        let note = AccessNote()
        var ann = Principal(user: "ann", homeNamespace: "team", roles: ["team": .viewer])
        ann.note = note
        try ann.require(.read, in: "team")
        #expect(throws: MonoflowError.self) { try ann.require(.read, in: "other") }
        #expect(note.facts.namespace == "other")
    }
}
