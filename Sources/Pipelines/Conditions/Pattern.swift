import Core

/// A regular expression whose matching takes time in proportion to text × pattern, whatever the pattern: Argo's conditions
/// come from anybody, and a backtracking matcher would hold a thread for years on `(a+)+b`.
///
/// Taken are literals, `.`, classes, `\d \w \s \b` and their opposites, `^ $ \A \z`, groups, `|`, `* + ? {m,n}` (greedy or not: only
/// whether there is a match counts) and a leading `(?i)`.
struct Pattern {
    indirect enum Node {
        case empty
        case one(CharacterSet)
        case sequence([Node])
        case either([Node])
        case `repeat`(Node, least: Int, most: Int?)
        case assertion(Assertion)
    }

    enum Assertion: Equatable { case start, end, wordBoundary, noWordBoundary }

    /// Ranges of scalars, or all others.
    struct CharacterSet: Equatable {
        var ranges: [ClosedRange<UInt32>]
        var isInverted = false

        func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } != isInverted }

        static let digit = CharacterSet(ranges: [48...57])
        static let word = CharacterSet(ranges: [48...57, 65...90, 95...95, 97...122])
        static let space = CharacterSet(ranges: [9...10, 12...13, 32...32])
        static let anyButNewline = CharacterSet(ranges: [10...10], isInverted: true)
    }

    /// One step of the program.
    enum Step {
        case one(CharacterSet)
        case assertion(Assertion)
        /// Goes on at both places.
        case split(Int, Int)
        case jump(Int)
        case found
    }

    /// Steps of one pattern; `x{1000}{1000}` would be a million.
    static let maximumSteps = 10_000

    /// Characters of the text times steps of the pattern: some tenths of a second.
    static let maximumWork = 20_000_000

    private var program: [Step] = []
    private var work = 0

    /// - Throws: `invalidArgument` that says what cannot be read.
    init(_ text: String) throws {
        var parser = PatternParser(text)
        try compile(try parser.parse())
        program.append(.found)
    }

    private mutating func compile(_ node: Node) throws {
        // Repetitions of nothing make no step and are work all the same.
        work += 1
        guard program.count < Self.maximumSteps, work < 10 * Self.maximumSteps else { throw PatternParser.error("is too large") }
        switch node {
        case .empty: break
        case .one(let set): program.append(.one(set))
        case .assertion(let assertion): program.append(.assertion(assertion))
        case .sequence(let nodes): for node in nodes { try compile(node) }
        case .either(let branches):
            var ends: [Int] = []
            for (index, branch) in branches.enumerated() {
                guard index < branches.count - 1 else { try compile(branch); break }
                let split = program.count
                program.append(.split(split + 1, 0))
                try compile(branch)
                ends.append(program.count)
                program.append(.jump(0))
                program[split] = .split(split + 1, program.count)
            }
            for end in ends { program[end] = .jump(program.count) }
        case .repeat(let inner, let least, let most):
            for _ in 0..<least { try compile(inner) }
            if let most {
                var splits: [Int] = []
                for _ in least..<max(least, most) {
                    splits.append(program.count)
                    program.append(.split(program.count + 1, 0))
                    try compile(inner)
                }
                for split in splits { program[split] = .split(split + 1, program.count) }
            } else {
                let split = program.count
                program.append(.split(split + 1, 0))
                try compile(inner)
                program.append(.jump(split))
                program[split] = .split(split + 1, program.count)
            }
        }
    }

    /// Whether any part of the text matches: all states that the pattern may be in are followed side by side.
    /// - Throws: `invalidArgument` where pattern and text together are too large.
    func matches(_ text: String) throws -> Bool {
        let scalars = text.unicodeScalars.map(\.value)
        guard (scalars.count + 1) * program.count <= Self.maximumWork else { throw PatternParser.error("is too large for a text of \(scalars.count) characters") }
        var states = StateSet(count: program.count), next = StateSet(count: program.count)
        for at in 0...scalars.count {
            if add(0, to: &states, scalars, at) { return true }
            guard at < scalars.count else { return false }
            next.removeAll()
            for state in states.list {
                guard case .one(let set) = program[state], set.contains(scalars[at]) else { continue }
                if add(state + 1, to: &next, scalars, at + 1) { return true }
            }
            swap(&states, &next)
        }
        return false
    }

    /// Adds a state and all that it leads to without a character. - Returns: whether the end is among them.
    private func add(_ state: Int, to set: inout StateSet, _ scalars: [UInt32], _ at: Int) -> Bool {
        var open = [state]
        while let state = open.popLast() {
            guard set.insert(state) else { continue }
            switch program[state] {
            case .found: return true
            case .jump(let target): open.append(target)
            case .split(let first, let second): open += [second, first]
            case .assertion(let assertion): if Self.holds(assertion, scalars, at) { open.append(state + 1) }
            case .one: break
            }
        }
        return false
    }

    private static func holds(_ assertion: Assertion, _ scalars: [UInt32], _ at: Int) -> Bool {
        func isWord(_ index: Int) -> Bool { scalars.indices.contains(index) && CharacterSet.word.contains(scalars[index]) }
        switch assertion {
        case .start: return at == 0
        case .end: return at == scalars.count
        case .wordBoundary: return isWord(at - 1) != isWord(at)
        case .noWordBoundary: return isWord(at - 1) == isWord(at)
        }
    }

    private struct StateSet {
        private(set) var list: [Int] = []
        private var isIn: [Bool]
        init(count: Int) { isIn = Array(repeating: false, count: count) }

        mutating func insert(_ state: Int) -> Bool {
            guard !isIn[state] else { return false }
            isIn[state] = true
            list.append(state)
            return true
        }

        mutating func removeAll() {
            for state in list { isIn[state] = false }
            list.removeAll(keepingCapacity: true)
        }
    }
}
