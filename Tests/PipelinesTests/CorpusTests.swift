import Core
import Foundation
import Testing

@testable import Pipelines

/// Definitions that others wrote: each is read, or refused with a place; none crashes or is misread in silence.
@Suite struct CorpusTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../shared/corpus").standardized.path

    private static func files(_ folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: root + "/" + folder)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(".yaml") }.sorted().map { root + "/" + folder + "/" + $0 }
    }

    /// Files read, and why the others are not.
    private static func read(_ files: [String]) throws -> (read: Int, refused: [String]) {
        var count = 0, refused: [String] = []
        for file in files {
            do {
                _ = try PipelinePackage(yaml: try String(contentsOfFile: file, encoding: .utf8))
                count += 1
            } catch let error as MonoflowError {
                #expect(error.code == .unimplemented || error.code == .invalidArgument, "\(file): \(error)")
                refused.append("\((file as NSString).lastPathComponent): \(error.reason)")
            }
        }
        return (count, refused)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: root), "the corpus is not beside the checkout"))
    func kfp2() throws {
        let files = Self.files("kfp-v2/valid"), result = try Self.read(files)
        print("kfp 2: \(result.read) of \(files.count) read;\n  " + result.refused.joined(separator: "\n  "))
        #expect(result.read >= 60)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: root), "the corpus is not beside the checkout"))
    func kfp2Invalid() throws {
        for file in Self.files("kfp-v2/invalid") {
            #expect(throws: MonoflowError.self, "\(file)") { _ = try PipelinePackage(yaml: try String(contentsOfFile: file, encoding: .utf8)) }
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: root), "the corpus is not beside the checkout"))
    func kfp1() throws {
        let files = Self.files("kfp-v1").filter { !$0.contains("test_data") }, result = try Self.read(files)
        print("kfp 1.8: \(result.read) of \(files.count) read;\n  " + result.refused.joined(separator: "\n  "))
        #expect(result.read >= 7)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: root), "the corpus is not beside the checkout"))
    func argo() throws {
        let result = try Self.read(Self.files("argo"))
        #expect(result.read >= 3)
    }
}
