@testable import Sockets
import Testing

@Suite struct TurnPolicyTests {
    @Test func onlyBusyLoopsGiveWay() {
        let policy = TurnPolicy()
        #expect(!policy.givesWay(after: 0, now: 5))
        #expect(!policy.givesWay(after: 1, now: 5))
        #expect(policy.givesWay(after: 2, now: 5))
    }

    @Test func turnsAreSomeWorkApart() {
        var policy = TurnPolicy()
        policy.gaveWay(from: 5_000, until: 20_000)
        #expect(!policy.givesWay(after: 8, now: 219_999))
        #expect(policy.givesWay(after: 8, now: 220_000))
    }

    /// Somebody who keeps the core costs the loop some turns, then some in ever longer times.
    @Test func pausesGrowWhileTheCoreIsKept() {
        var policy = TurnPolicy(), now: UInt64 = 1_000, pauses: [UInt64] = [], turns: [Int] = []
        for _ in 0..<9 {
            var count = 0
            while policy.givesWay(after: 8, now: now), count < 100 {
                policy.gaveWay(from: now, until: now + 1_400_000)
                now += 1_400_000 + TurnPolicy.interval
                count += 1
            }
            var pause: UInt64 = 0
            while !policy.givesWay(after: 8, now: now + pause) { pause += 10_000_000 }
            turns.append(count)
            pauses.append(pause / 1_000_000)
            now += pause
        }
        #expect(pauses == [20, 40, 80, 160, 320, 640, 1280, 1280, 1280])
        #expect(turns[0] <= 10 && turns.dropFirst().allSatisfy { (1...8).contains($0) }, "\(turns)")
        // Given back soon for a while: the next pause is short again.
        for _ in 0..<20 {
            #expect(policy.givesWay(after: 8, now: now))
            policy.gaveWay(from: now, until: now + 50_000)
            now += 50_000 + TurnPolicy.interval
        }
        while policy.givesWay(after: 8, now: now) {
            policy.gaveWay(from: now, until: now + 2_000_000)
            now += 2_000_000 + TurnPolicy.interval
        }
        let end = now - TurnPolicy.interval
        #expect(!policy.givesWay(after: 8, now: end + 19_999_999))
        #expect(policy.givesWay(after: 8, now: end + 20_000_000))
    }

    /// A client that takes a turn now and then is no computation.
    @Test func rareLongTurnsArePardoned() {
        var policy = TurnPolicy(), now: UInt64 = 0
        for index in 0..<10_000 {
            #expect(policy.givesWay(after: 8, now: now))
            let took: UInt64 = index % 8 == 0 ? 3_000_000 : 200_000
            policy.gaveWay(from: now, until: now + took)
            now += took + TurnPolicy.interval
        }
    }
}
