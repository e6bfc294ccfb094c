import Foundation
import FuzzTargets
import Testing

/// The fuzz targets on their seeds, on inputs that once failed (`Seeds/TARGET/…`), and on a few mutations of both. `scripts/fuzz` does more.
@Suite(.serialized) struct FuzzSeedTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Seeds")

    @Test func seedsAndInputsThatOnceFailed() throws {
        let targets = try FuzzTarget.all()
        for target in targets {
            for seed in target.seeds { seed.withUnsafeBytes { input in #expect(throws: Never.self, "\(target.name)") { try target.check(input) } } }
            var mutator = Mutator(target, seed: 42)
            for _ in 0..<200 {
                let input = mutator.next()
                input.withUnsafeBytes { bytes in #expect(throws: Never.self, "\(target.name): \(input)") { try target.check(bytes) } }
            }
        }
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { !$0.hasPrefix(".") }
        #expect(!folders.isEmpty)
        for name in folders {
            let target = try #require(targets.first { $0.name == name }, "Seeds/\(name) is no target's")
            let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path + "/" + name)
            for file in files {
                let input = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("\(name)/\(file)")))
                input.withUnsafeBytes { bytes in #expect(throws: Never.self, "\(name)/\(file)") { try target.check(bytes) } }
            }
        }
    }
}
