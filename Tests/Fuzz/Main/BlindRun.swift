#if FUZZ
import Foundation
import FuzzTargets

/// The project's own mutator, which needs no instrumented build.
struct BlindRun {
    var executions: Int
    var seed: UInt64
    var failures: String
    /// An execution that takes longer is a hang.
    private static let secondsOfOne: UInt32 = 20

    init(executions: Int, seed: UInt64, failures: String) {
        self.executions = executions
        self.seed = seed
        self.failures = failures
    }

    /// - Returns: whether every input passed. The first that does not ends the target.
    func run(_ target: FuzzTarget) throws -> Bool {
        var mutator = Mutator(target, seed: seed)
        LastInput.prepare(target.name, directory: failures)
        let started = Date()
        for index in 0..<executions {
            let input = index < target.seeds.count ? target.seeds[index] : mutator.next()
            LastInput.set(input)
            alarm(Self.secondsOfOne)
            do { try input.withUnsafeBytes { try target.check($0) } } catch {
                alarm(0)
                let path = LastInput.write()
                FuzzMain.say("\(target.name): FAILED at execution \(index + 1), seed \(seed): \(error)\n  input: \(path)")
                return false
            }
        }
        alarm(0)
        let seconds = max(Date().timeIntervalSince(started), 0.001)
        FuzzMain.say("\(target.name): \(executions) executions in \(Int(seconds)) s, \(Int(Double(executions) / seconds))/s")
        return true
    }
}

/// The input that is being tried, kept where a signal handler finds it: a trap, or a hang, leaves it behind as a file.
private enum LastInput {
    nonisolated(unsafe) private static let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 20)
    nonisolated(unsafe) private static var count = 0
    nonisolated(unsafe) private static var path = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    nonisolated(unsafe) private static var name = ""

    static func prepare(_ target: String, directory: String) {
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        name = "\(directory)/\(target)-\(getpid())"
        path = strdup(name)
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] {
            signal(number) { number in
                LastInput.writeFromSignal()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    static func set(_ input: [UInt8]) {
        count = min(input.count, 1 << 20)
        input.withUnsafeBufferPointer { source in if let base = source.baseAddress { bytes.update(from: base, count: count) } }
    }

    static func write() -> String {
        writeFromSignal()
        return name
    }

    /// Calls nothing but what a signal handler may.
    private static func writeFromSignal() {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        if file >= 0 {
            _ = Foundation.write(file, bytes, count)
            close(file)
        }
        let text: StaticString = "a trap or a hang; its input is in the directory of failures\n"
        _ = Foundation.write(2, text.utf8Start, text.utf8CodeUnitCount)
    }
}
#endif
