import CZlib
import Core
import Database
import ScriptedTasks
import Testing

@testable import Pipelines

/// Uploads of every form, whole and damaged; pipelines, versions and experiments over a real database.
@Suite struct CatalogTests {
    static let yaml = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: t-}\nspec:\n  entrypoint: a\n  templates:\n  - {name: a, container: {image: alpine, command: [x]}}\n"

    // MARK: Archives

    private static func deflate(_ bytes: [UInt8], windowBits: Int32) -> [UInt8] {
        var stream = z_stream(), input = bytes, out = [UInt8](repeating: 0, count: bytes.count + 1000)
        deflateInit2_(&stream, 6, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        let count = input.withUnsafeMutableBufferPointer { source in
            out.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                _ = CZlib.deflate(&stream, Z_FINISH)
                return target.count - Int(stream.avail_out)
            }
        }
        return Array(out[..<count])
    }

    private static func little(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    /// - Parameter copies: central entries that all name the first file's bytes.
    private static func zip(_ files: [(String, String)], method: Int = 8, copies: Int = 1, claimed: Int? = nil) -> [UInt8] {
        var out: [UInt8] = [], central: [UInt8] = []
        for (name, text) in files {
            let raw = Array(text.utf8), packed = method == 8 ? deflate(raw, windowBits: -15) : raw
            let common = little(20, 2) + little(0, 2) + little(method, 2) + little(0, 4) + little(0, 4) + little(packed.count, 4) + little(claimed ?? raw.count, 4) + little(name.utf8.count, 2) + little(0, 2)
            for _ in 0..<copies {
                central += [0x50, 0x4b, 1, 2] + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(out.count, 4) + Array(name.utf8)
            }
            out += [0x50, 0x4b, 3, 4] + common + Array(name.utf8) + packed
        }
        let count = files.count * copies
        return out + central + [0x50, 0x4b, 5, 6] + little(0, 4) + little(count, 2) + little(count, 2) + little(central.count, 4) + little(out.count, 4) + little(0, 2)
    }

    private static func tar(_ files: [(String, String)], size: String? = nil) -> [UInt8] {
        var out: [UInt8] = []
        for (name, text) in files {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, at: Int) { for (index, byte) in text.utf8.enumerated() { header[at + index] = byte } }
            put(name, at: 0)
            put(size ?? String(text.utf8.count, radix: 8), at: 124)
            header[156] = UInt8(ascii: "0")
            out += header + Array(text.utf8) + [UInt8](repeating: 0, count: (512 - text.utf8.count % 512) % 512)
        }
        return out + [UInt8](repeating: 0, count: 1024)
    }

    private static func gzip(_ bytes: [UInt8]) -> [UInt8] { deflate(bytes, windowBits: 31) }

    static let uploads: [String: [UInt8]] = [
        "yaml": Array(yaml.utf8), "zip": zip([("pipeline.yaml", yaml)]), "stored.zip": zip([("x/pipeline.yaml", yaml)], method: 0),
        "two.zip": zip([("README.md", "hi"), ("other.yaml", "a: 1"), ("pipeline.yaml", yaml)]), "tar.gz": gzip(tar([("pipeline.yaml", yaml)])),
        "one.tar.gz": gzip(tar([("notes.txt", "hi"), ("dir/anything.yml", yaml)])),
    ]

    @Test(arguments: uploads.keys.sorted()) func wholeUploadsAreRead(name: String) throws {
        #expect(try PipelinePackage(file: try #require(Self.uploads[name]), name: name).graph.entrypoint == "a")
    }

    /// Cut anywhere, an upload is refused or read as something whole; it never crashes.
    @Test(arguments: uploads.keys.sorted().filter { $0 != "yaml" }) func truncatedUploadsAreRefused(name: String) throws {
        let bytes = try #require(Self.uploads[name])
        for count in 0..<(bytes.count - 1) {
            #expect(throws: MonoflowError.self, "\(name) cut to \(count)") { _ = try PipelinePackage(file: Array(bytes[..<count]), name: name) }
        }
    }

    @Test(arguments: uploads.keys.sorted()) func damagedUploadsDoNotCrash(name: String) throws {
        let bytes = try #require(Self.uploads[name])
        var generator = Generator(state: 9)
        for _ in 0..<3000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                // Sizes and offsets are at the end of a zip: more of the damage goes there.
                let from = Bool.random(using: &generator) ? max(0, damaged.count - 80) : 0
                damaged[Int.random(in: from..<damaged.count, using: &generator)] = [0, 0xff, 0x7f, 0x80, UInt8.random(in: 0...255, using: &generator)].randomElement(using: &generator) ?? 0
            }
            _ = try? PipelinePackage(file: damaged, name: name)
        }
    }

    @Test(arguments: ["-0000000010", "-1", "77777777777", "+10", "", "xyz", "00000000000 "]) func tarSizesThatAreNone(size: String) {
        _ = try? ArchiveReader.definition(in: Self.gzip(Self.tar([("pipeline.yaml", Self.yaml)], size: size)), name: "t")
    }

    @Test func damagedTarsDoNotCrash() {
        var generator = Generator(state: 13)
        let tar = Self.tar([("pipeline.yaml", Self.yaml), ("b.yaml", "x")])
        for _ in 0..<3000 {
            var damaged = tar
            for _ in 0..<3 { damaged[Int.random(in: 100..<160, using: &generator)] = Array("-+0178 L\u{0}x".utf8).randomElement(using: &generator) ?? 0 }
            _ = try? ArchiveReader.tarFiles(damaged, name: "t")
        }
    }

    /// Many entries that name the same bytes, and entries that lie about their size.
    @Test func archivesThatGrowAreRefused() {
        let megabyte = String(repeating: "# comment\n", count: 100_000)
        for method in [0, 8] {
            for claimed in [nil, 0] as [Int?] {
                let error = #expect(throws: MonoflowError.self) { _ = try ArchiveReader.definition(in: Self.zip([("a.yaml", megabyte)], method: method, copies: 200, claimed: claimed), name: "z") }
                #expect(error?.message.contains("larger than 64 MiB") == true)
            }
        }
        let zeros = Self.gzip([UInt8](repeating: 0, count: 70 << 20))
        let error = #expect(throws: MonoflowError.self) { _ = try ArchiveReader.definition(in: zeros, name: "z") }
        #expect(error?.message.contains("larger than 64 MiB") == true)
    }

    @Test(arguments: [("no YAML", [("a.txt", "x")]), ("2 YAML files", [("a.yaml", "x"), ("b.json", "y")])])
    func whatAnArchiveMustHold(message: String, files: [(String, String)]) {
        for bytes in [Self.zip(files), Self.gzip(Self.tar(files))] {
            let error = #expect(throws: MonoflowError.self) { _ = try ArchiveReader.definition(in: bytes, name: "x") }
            #expect(error?.message.contains(message) == true)
        }
    }

    @Test func aTextThatAliasesRepeatIsBounded() {
        let text = String(repeating: "x", count: 1 << 20)
        let yaml = "a: &a \"\(text)\"\nb: [" + Array(repeating: "*a", count: 5000).joined(separator: ", ") + "]\n"
        let error = #expect(throws: MonoflowError.self) { _ = try YAMLReader.documents(yaml) }
        #expect(error?.message.contains("too large") == true)
    }

    @Test func deepAndWideTextsAreReadOrRefused() {
        for text in [String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 5000), String(repeating: "- ", count: 20_000), String(repeating: "? ", count: 5000)] {
            #expect(throws: MonoflowError.self) { _ = try YAMLReader.documents(text) }
        }
        let empty = (0..<50_000).map { "k\($0): ''" }.joined(separator: ", ")
        #expect(throws: MonoflowError.self) { _ = try PipelinePackage(yaml: "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, spec: {\(empty)}}") }
    }

    // MARK: Catalog

    @Test func pipelinesAndVersions() async throws {
        let scratch = try ScratchDatabase(), ticks = Watched<Int64>(0)
        let clock = WallClock { Timestamp(milliseconds: ticks.update { $0 += 1; return $0 }) }
        let service = PipelineService(database: scratch.database, clock: clock, identifiers: .random), package = try PipelinePackage(yaml: Self.yaml)
        let (pipeline, version) = try await service.create(namespace: "default", name: "p", displayName: nil, description: "d", package: package)
        #expect(version?.name == "p" && pipeline.displayName == "p")
        await #expect(throws: MonoflowError.self) { _ = try await service.create(namespace: "default", name: "p", displayName: nil, description: "", package: nil) }
        await #expect(throws: MonoflowError.self) { _ = try await service.create(namespace: "default", name: "", displayName: nil, description: "", package: nil) }
        _ = try await service.create(namespace: "other", name: "p", displayName: "P", description: "", package: nil)
        let second = try await service.createVersion(pipelineID: pipeline.id, name: "v2", displayName: nil, description: "", package: package)
        await #expect(throws: MonoflowError.self) { _ = try await service.createVersion(pipelineID: pipeline.id, name: "v2", displayName: nil, description: "", package: package) }
        let missing = await #expect(throws: MonoflowError.self) { _ = try await service.createVersion(pipelineID: "zz", name: "v", displayName: nil, description: "", package: package) }
        #expect(missing?.code == .notFound)
        #expect(try await service.latestVersion(of: pipeline.id) == second)
        #expect(try await service.versions(of: pipeline.id, ListQuery()).items.map(\.name) == ["p", "v2"])
        #expect(try await service.package(digest: second.specDigest).graph == package.graph)
        #expect(try await service.list(namespace: "default", ListQuery()).items == [pipeline])
        try await service.deleteVersion(second.id)
        #expect(try await service.latestVersion(of: pipeline.id)?.id == version?.id)
        try await service.delete(pipeline.id)
        #expect(try await service.find(namespace: "default", name: "p") == nil)
        await #expect(throws: MonoflowError.self) { try await service.delete(pipeline.id) }
        await #expect(throws: MonoflowError.self) { _ = try await service.version(version?.id ?? "") }
    }

    @Test func experiments() async throws {
        let scratch = try ScratchDatabase()
        let service = ExperimentService(database: scratch.database, clock: WallClock { Timestamp(milliseconds: 5) }, identifiers: .random)
        let experiment = try await service.create(namespace: "default", name: "e", description: "")
        await #expect(throws: MonoflowError.self) { _ = try await service.create(namespace: "default", name: "e", description: "") }
        // Asked for by many at once, the default one is made once.
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await service.defaultExperiment(namespace: "default").id } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        try await service.setStorageState(experiment.id, .archived)
        #expect(try await service.get(experiment.id).storageState == .archived)
        var query = ListQuery()
        query.sortKey = "last_run_created_at"
        query.pageSize = 1
        let first = try await service.list(namespace: "default", query)
        query.pageToken = first.nextToken
        let second = try await service.list(namespace: "default", query)
        #expect(Set((first.items + second.items).map(\.id)) == ids.union([experiment.id]), "both have no run yet")
        try await service.delete(experiment.id)
        await #expect(throws: MonoflowError.self) { try await service.delete(experiment.id) }
        await #expect(throws: MonoflowError.self) { try await service.setStorageState(experiment.id, .available) }
    }
}

/// Random numbers that are the same at each test.
struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 31)
    }
}
