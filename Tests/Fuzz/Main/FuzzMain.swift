import Foundation

#if FUZZ
import FuzzTargets

/// Drives the fuzz targets.
///
///     monoflow-fuzz list
///     monoflow-fuzz seeds TARGET DIRECTORY          writes the seeds, and `words.dict` beside the directory
///     monoflow-fuzz run [--executions N] [--seed S] [--failures DIRECTORY] [TARGET…]
///     monoflow-fuzz one TARGET FILE                 one input
///     monoflow-fuzz guided TARGET OPTION…           libFuzzer with its options, in builds that have it
///
/// A failing input is written to the directory of failures, and ends the program with status 1.
@main
struct FuzzMain {
    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let command = arguments.isEmpty ? "run" : arguments.removeFirst()
        let targets = try FuzzTarget.all()
        func target(_ name: String) throws -> FuzzTarget {
            guard let target = targets.first(where: { $0.name == name }) else { throw Usage(message: "no target \(name); there are \(targets.map(\.name).joined(separator: ", "))") }
            return target
        }
        switch command {
        case "list": for target in targets { say(target.name) }
        case "seeds" where arguments.count == 2: try write(try target(arguments[0]), to: arguments[1])
        case "one" where arguments.count == 2:
            let input = [UInt8](try Data(contentsOf: URL(fileURLWithPath: arguments[1])))
            try input.withUnsafeBytes { try target(arguments[0]).check($0) }
        case "guided" where !arguments.isEmpty: try Guided.run(try target(arguments[0]), Array(arguments.dropFirst()))
        case "run":
            var options = BlindRun(executions: 100_000, seed: 1, failures: "Tests/Fuzz/failures")
            var names: [String] = []
            var rest = arguments[...]
            while let word = rest.popFirst() {
                switch word {
                case "--executions": options.executions = try number(rest.popFirst())
                case "--seed": options.seed = UInt64(try number(rest.popFirst()))
                case "--failures": options.failures = rest.popFirst() ?? options.failures
                default: names.append(word)
                }
            }
            let chosen = try names.isEmpty ? targets : names.map(target)
            var failed = false
            for target in chosen where try !options.run(target) { failed = true }
            exit(failed ? 1 : 0)
        default: throw Usage(message: "unknown command \(command)")
        }
    }

    private static func number(_ text: String?) throws -> Int {
        guard let text, let number = Int(text), number >= 0 else { throw Usage(message: "\(text ?? "nothing") is no number") }
        return number
    }

    struct Usage: Error { let message: String }

    static func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    /// For libFuzzer: one file for each seed, and a dictionary.
    private static func write(_ target: FuzzTarget, to directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (index, seed) in target.seeds.enumerated() { try Data(seed).write(to: URL(fileURLWithPath: "\(directory)/seed-\(index)")) }
        let lines = target.words.map { word in
            "\"" + word.utf8.map { byte in
                let isPlain = byte >= 32 && byte < 127 && byte != 34 && byte != 92
                return isPlain ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16).uppercased()
            }.joined() + "\""
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: directory + ".dict"))
    }
}
#else
@main
struct FuzzMain {
    static func main() {
        FileHandle.standardError.write(Data("this build has no fuzz targets: scripts/fuzz makes one that has\n".utf8))
        exit(2)
    }
}
#endif
