import Core

/// A regular expression of RE2's syntax, which Kubernetes' schemas are written in, matched in time linear in the input: all threads of a nondeterministic
/// automaton advance together, so that no pattern makes the server search for long. Works on Unicode scalars. Only whether there is a match is told.
public struct LinearPattern: Sendable {
    enum Assertion: Sendable { case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary }

    enum Instruction: Sendable {
        /// Eats one scalar of the set and goes on behind.
        case scalar(Int)
        case assertion(Assertion)
        case split(Int, Int)
        case jump(Int)
        case match
    }

    /// Instructions of a program at most.
    public static let maximumSize = 20_000
    /// Bytes of an expression at most.
    public static let maximumLength = 16_384

    let program: [Instruction]
    let sets: [ScalarSet]
    /// No match can begin behind the start of the text.
    private let isAnchored: Bool

    /// - Throws: `invalidArgument` that says what is wrong with the expression; look-around and back-references are, as in RE2.
    public init(_ expression: String) throws(MonoflowError) {
        guard expression.utf8.count <= Self.maximumLength else {
            throw MonoflowError(.invalidArgument, "compile pattern", "", "the expression is longer than \(Self.maximumLength) bytes")
        }
        let tree = try LinearPatternParser.parse(expression)
        var compiler = LinearPatternCompiler()
        guard compiler.emit(tree), compiler.append(.match) else {
            throw MonoflowError(.invalidArgument, "compile pattern", expression, "its repetitions make more than \(Self.maximumSize) steps")
        }
        program = compiler.program
        sets = compiler.sets
        isAnchored = if case .assertion(.textStart) = program[0] { true } else { false }
    }

    /// Whether the expression matches somewhere in the text. Time grows with the length of the text times the size of the program.
    public func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var current = ThreadList(capacity: program.count), next = ThreadList(capacity: program.count)
        var pending: [Int] = []
        for position in 0...scalars.count {
            if position == 0 || !isAnchored {
                if follow(from: 0, at: position, in: scalars, into: &current, &pending) { return true }
            } else if current.threads.isEmpty { return false }
            guard position < scalars.count else { return false }
            let scalar = scalars[position]
            next.clear()
            for thread in current.threads {
                guard case .scalar(let set) = program[thread], sets[set].contains(scalar) else { continue }
                if follow(from: thread + 1, at: position + 1, in: scalars, into: &next, &pending) { return true }
            }
            swap(&current, &next)
        }
        return false
    }

    /// Adds the instructions that are reached from one without eating a scalar.
    /// - Returns: true where the match is among them.
    private func follow(from start: Int, at position: Int, in scalars: [Unicode.Scalar], into list: inout ThreadList, _ pending: inout [Int]) -> Bool {
        pending.removeAll(keepingCapacity: true)
        pending.append(start)
        while let counter = pending.popLast() {
            guard list.visit(counter) else { continue }
            switch program[counter] {
            case .scalar: list.threads.append(counter)
            case .assertion(let assertion): if holds(assertion, at: position, in: scalars) { pending.append(counter + 1) }
            case .split(let first, let second):
                pending.append(second)
                pending.append(first)
            case .jump(let target): pending.append(target)
            case .match: return true
            }
        }
        return false
    }

    private func holds(_ assertion: Assertion, at position: Int, in scalars: [Unicode.Scalar]) -> Bool {
        func isWord(_ index: Int) -> Bool { scalars.indices.contains(index) && ScalarSet.word.contains(scalars[index]) }
        switch assertion {
        case .textStart: return position == 0
        case .textEnd: return position == scalars.count
        case .lineStart: return position == 0 || scalars[position - 1] == "\n"
        case .lineEnd: return position == scalars.count || scalars[position] == "\n"
        case .wordBoundary: return isWord(position - 1) != isWord(position)
        case .noWordBoundary: return isWord(position - 1) == isWord(position)
        }
    }
}

/// The threads at one position, each instruction once. `clear` is constant-time: a mark counts only in its own round.
private struct ThreadList {
    var threads: [Int] = []
    private var marks: [Int]
    private var round = 1

    init(capacity: Int) { marks = Array(repeating: 0, count: capacity) }

    mutating func visit(_ counter: Int) -> Bool {
        if marks[counter] == round { return false }
        marks[counter] = round
        return true
    }

    mutating func clear() {
        threads.removeAll(keepingCapacity: true)
        round += 1
    }
}
