#if FUZZ
import Foundation
import FuzzTargets

/// libFuzzer, which sees what an input reaches. It is linked in builds with `LIBFUZZER`, which `scripts/fuzz` makes.
enum Guided {
    #if LIBFUZZER
    @_silgen_name("LLVMFuzzerRunDriver")
    private static func driver(
        _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
        _ one: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
    ) -> Int32

    nonisolated(unsafe) private static var target: FuzzTarget?

    static func run(_ target: FuzzTarget, _ options: [String]) throws {
        self.target = target
        let words = ["monoflow-fuzz", "-max_len=\(target.longest)"] + options
        var count = Int32(words.count)
        let vector = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
        for (index, word) in words.enumerated() { vector[index] = strdup(word) }
        vector[words.count] = nil
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = vector
        exit(driver(&count, &arguments) { bytes, count in
            do { try Guided.target?.check(UnsafeRawBufferPointer(start: bytes, count: count)) } catch {
                FileHandle.standardError.write(Data("\nFAILED: \(error)\n".utf8))
                abort()
            }
            return 0
        })
    }
    #else
    static func run(_ target: FuzzTarget, _ options: [String]) throws { throw FuzzMain.Usage(message: "this build has no libFuzzer") }
    #endif
}
#endif
