import Foundation
import Testing

@testable import Sockets

@Suite struct DescriptorLimitTests {
    @Test func softLimitBecomesTheHardOne() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        #expect(getrlimit(resource, &limit) == 0)
        let before = limit
        // One less, which harms no test that runs beside this one.
        limit.rlim_cur = limit.rlim_max - 1
        #expect(setrlimit(resource, &limit) == 0)
        #expect(DescriptorLimit.raise() == Int(clamping: before.rlim_max))
        #expect(getrlimit(resource, &limit) == 0)
        #expect(limit.rlim_cur == before.rlim_max)
        #expect(DescriptorLimit.raise() == Int(clamping: before.rlim_max))
    }
}
