/// What applying a document has done.
enum ApplyOutcome: String, CaseIterable, Sendable {
    case created, configured, unchanged

    /// From the versions of an object before and after. - Parameter before: nil where it was not there.
    init(before: String?, after: String?) {
        self = before == nil ? .created : before == after ? .unchanged : .configured
    }
}

/// The last line of `apply`: how many of each.
struct ApplySummary: Sendable, Equatable {
    private(set) var counts: [ApplyOutcome: Int] = [:]
    private(set) var refused = 0

    mutating func add(_ outcome: ApplyOutcome?) {
        if let outcome { counts[outcome, default: 0] += 1 } else { refused += 1 }
    }

    func text(isDryRun: Bool) -> String {
        var parts = ApplyOutcome.allCases.map { "\(counts[$0] ?? 0) \($0.rawValue)" }
        if refused > 0 { parts.append("\(refused) refused") }
        return parts.joined(separator: ", ") + (isDryRun ? " (dry run: nothing was changed)" : "")
    }
}
