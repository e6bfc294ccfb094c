import Foundation

/// How many descriptors this process may have open; each connection is one.
public enum DescriptorLimit {
    /// Lifts the soft limit to the hard one, which needs no privilege. Login sessions and service managers often set the soft limit
    /// to 1,024, for the sake of programs that use `select`.
    /// - Returns: the limit that holds now.
    @discardableResult
    public static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        if limit.rlim_cur < limit.rlim_max {
            let before = limit.rlim_cur
            limit.rlim_cur = limit.rlim_max
            if setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
