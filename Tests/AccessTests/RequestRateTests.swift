import Core
import Foundation
import Testing

@testable import Access

@Suite struct RequestRateTests {
    @Test func aBucketHoldsAMinuteAndFillsEvenly() throws {
        let clock = ManualClock(), rates = RequestRates(capacity: 10)
        func waits() -> Int? {
            do throws(RateExceeded) {
                try rates.take("t", perMinute: 6, now: clock.now)
                return nil
            } catch { return error.retryAfter }
        }
        for _ in 0..<6 { #expect(waits() == nil) }
        #expect(waits() == 10)
        clock.advance(4000)
        #expect(waits() == 6)
        clock.advance(6000)
        #expect(waits() == nil)
        #expect(waits() == 10)
        // Set back, the clock gives nothing, and takes nothing.
        clock.advance(-3_600_000)
        #expect(waits() == 10)
        clock.advance(10_000)
        #expect(waits() == nil)
        clock.advance(3_600_000)
        for _ in 0..<6 { #expect(waits() == nil) }
        #expect(waits() != nil)
    }

    @Test func bucketsAreBounded() throws {
        let clock = ManualClock(), rates = RequestRates(capacity: 3)
        try rates.take("busy", perMinute: 1, now: clock.now)
        for index in 0..<100 {
            clock.advance(100)
            // Each is full again before the next comes, but the first is not.
            try rates.take("t\(index)", perMinute: 1_000_000, now: clock.now)
            #expect(rates.count <= 3)
        }
        #expect(throws: RateExceeded.self) { try rates.take("busy", perMinute: 1, now: clock.now) }
        for index in 0..<10 { try rates.take("u\(index)", perMinute: 1, now: clock.now) }
        #expect(rates.count <= 3)
    }

    @Test func aTokensSessionsShareItsLimit() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        let token = try await access.createToken(user: "admin", TokenRequest(name: "t", requestsPerMinute: 2))
        let session = try await access.openSession(bearer: token.text).value
        let callers = [try await access.authenticate(bearer: token.text), try await access.authenticate(session: session)]
        for caller in callers { try access.admit(caller) }
        for caller in callers { #expect(throws: RateExceeded.self) { try access.admit(caller) } }
        // A change of roles empties the cache of callers, not the buckets.
        try await access.setRole(user: "admin", namespace: "default", .viewer)
        let again = try await access.authenticate(bearer: token.text)
        #expect(throws: RateExceeded.self) { try access.admit(again) }
        let unlimited = try await access.authenticate(bearer: try fixture.adminToken)
        for _ in 0..<1000 { try access.admit(unlimited) }
        #expect(try await access.tokens().first { $0.id == token.record.id }?.requestsPerMinute == 2)
    }
}
