import Core
import Foundation

/// Nobody reads standard output any more.
struct ClosedOutput: Error {}

/// The command's two streams.
enum Console {
    /// - Throws: `ClosedOutput` where the reader has gone.
    static func write(_ text: String) throws { try write(Array(text.utf8)) }

    static func write(_ bytes: [UInt8]) throws {
        do throws(MonoflowError) { try Files.write(bytes, descriptor: 1, path: "standard output") } catch {
            if errno == EPIPE { throw ClosedOutput() }
            throw error
        }
    }

    static func line(_ text: String) throws { try write(text + "\n") }

    /// A line on standard error, behind the program's name.
    static func note(_ text: String) {
        try? Files.write(Array("monoflow: \(text)\n".utf8), descriptor: 2, path: "standard error")
    }
}
