import Core
import Testing

@testable import Pipelines

/// Uploads that are archives, whole and damaged: an error, never a crash.
@Suite struct ArchiveTests {
    private static let yaml = Array("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n".utf8)

    private func tar(_ name: String, size: String, _ content: [UInt8]) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        for (index, byte) in name.utf8.enumerated() { header[index] = byte }
        for (index, byte) in size.utf8.enumerated() { header[124 + index] = byte }
        header[156] = UInt8(ascii: "0")
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512 + 1024)
    }

    /// A stored (not compressed) zip of one file.
    private func zip(_ name: String, _ content: [UInt8]) -> [UInt8] {
        func short(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8 & 255)] }
        func long(_ value: Int) -> [UInt8] { short(value & 0xffff) + short(value >> 16) }
        let local = long(0x0403_4b50) + short(20) + short(0) + short(0) + long(0) + long(0) + long(content.count) + long(content.count) + short(name.utf8.count) + short(0) + Array(name.utf8) + content
        let central = long(0x0201_4b50) + short(20) + short(20) + short(0) + short(0) + long(0) + long(0) + long(content.count) + long(content.count)
            + short(name.utf8.count) + short(0) + short(0) + short(0) + short(0) + long(0) + long(0) + Array(name.utf8)
        return local + central + long(0x0605_4b50) + short(0) + short(0) + short(1) + short(1) + long(central.count) + long(local.count) + short(0)
    }

    @Test func aTarIsRead() throws {
        let files = try ArchiveReader.tarFiles(tar("pipeline.yaml", size: String(Self.yaml.count, radix: 8), Self.yaml), name: "t")
        #expect(files.map(\.name) == ["pipeline.yaml"] && files[0].content == Self.yaml)
    }

    @Test(arguments: ["-1", "-777", "77777777777", "zz", ""]) func aFalseSizeInATarIsAnError(size: String) {
        #expect(throws: MonoflowError.self) { try ArchiveReader.tarFiles(tar("pipeline.yaml", size: size, Self.yaml), name: "t") }
    }

    @Test func aZipIsRead() throws {
        #expect(try ArchiveReader.definition(in: zip("pipeline.yaml", Self.yaml), name: "t") == Self.yaml)
    }

    /// Seeded noise over a zip: every outcome but a crash is fine, and most of it is an error.
    @Test func aDamagedZipNeverCrashes() {
        let whole = zip("pipeline.yaml", Self.yaml)
        var seed: UInt64 = 7, refused = 0
        func next(_ bound: Int) -> Int {
            seed = seed &* 6364136223846793005 &+ 1442695040888963407
            return Int(seed >> 33) % bound
        }
        for round in 0..<5_000 {
            var bytes = whole
            if round % 3 == 0 { bytes.removeLast(1 + next(bytes.count - 8)) }
            for _ in 0..<(1 + next(4)) { bytes[4 + next(bytes.count - 4)] = UInt8(next(256)) }
            do { _ = try ArchiveReader.definition(in: bytes, name: "t") } catch { refused += 1 }
        }
        #expect(refused > 1_000)
    }

    @Test(arguments: ["99999999999999999999 == 1", "-9223372036854775808 < 0", "1e30 > 0", String(repeating: "!", count: 200) + "true"])
    func numbersBeyondTheirTypeDoNotCrash(text: String) {
        _ = try? ConditionEvaluator.evaluate(text, dialect: .cel, place: "t")
        #expect(throws: MonoflowError.self) { _ = try ConditionEvaluator.evaluate(String(repeating: "(", count: 500), dialect: .cel, place: "t") }
    }
}
