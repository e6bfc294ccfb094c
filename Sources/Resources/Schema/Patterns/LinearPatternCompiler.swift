/// Lays a parsed expression out as instructions. Counted repetitions are written out, within the size that a program may have.
struct LinearPatternCompiler {
    private(set) var program: [LinearPattern.Instruction] = []
    private(set) var sets: [ScalarSet] = []

    /// False where the program is full.
    mutating func append(_ instruction: LinearPattern.Instruction) -> Bool {
        guard program.count < LinearPattern.maximumSize else { return false }
        program.append(instruction)
        return true
    }

    /// False where the program is full.
    mutating func emit(_ tree: PatternTree) -> Bool {
        switch tree {
        case .empty: return true
        case .scalar(let set):
            sets.append(set)
            return append(.scalar(sets.count - 1))
        case .assertion(let assertion): return append(.assertion(assertion))
        case .sequence(let parts):
            for part in parts where !emit(part) { return false }
            return true
        case .alternatives(let choices): return emit(choices)
        case .repeated(let tree, let least, let most): return emit(tree, least: least, most: most)
        }
    }

    private mutating func emit(_ choices: [PatternTree]) -> Bool {
        var ends: [Int] = []
        for (index, choice) in choices.enumerated() {
            let split = program.count
            if index < choices.count - 1, !append(.split(split + 1, 0)) { return false }
            guard emit(choice) else { return false }
            guard index < choices.count - 1 else { break }
            ends.append(program.count)
            guard append(.jump(0)) else { return false }
            program[split] = .split(split + 1, program.count)
        }
        for end in ends { program[end] = .jump(program.count) }
        return true
    }

    private mutating func emit(_ tree: PatternTree, least: Int, most: Int?) -> Bool {
        for _ in 0..<least {
            let size = program.count
            guard emit(tree) else { return false }
            if program.count == size { return true }  // nothing, however often
        }
        guard let most else {
            let split = program.count
            guard append(.split(split + 1, 0)), emit(tree), append(.jump(split)) else { return false }
            program[split] = .split(split + 1, program.count)
            return true
        }
        var splits: [Int] = []
        for _ in least..<most {
            splits.append(program.count)
            guard append(.split(program.count + 1, 0)), emit(tree) else { return false }
        }
        for split in splits { program[split] = .split(split + 1, program.count) }
        return true
    }
}

/// A parsed expression.
indirect enum PatternTree {
    case empty
    case scalar(ScalarSet)
    case assertion(LinearPattern.Assertion)
    case sequence([PatternTree])
    case alternatives([PatternTree])
    /// Nil: without end.
    case repeated(PatternTree, least: Int, most: Int?)
}
