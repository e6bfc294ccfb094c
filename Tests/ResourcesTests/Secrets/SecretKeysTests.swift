import Core
import Foundation
import Resources
import Testing

@Suite struct SecretKeysTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = NSTemporaryDirectory() + "keys-\(UUID().uuidString)"
        try Files.makeDirectory(directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory)
    }

    private func mode(_ path: String) throws -> Int? {
        (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }

    private func code(_ body: () throws -> Void) -> MonoflowError.Code? {
        do { try body() } catch { return (error as? MonoflowError)?.code }
        return nil
    }

    @Test func madeOnceAndReadAgain() throws {
        try withDirectory { directory in
            let path = directory + "/" + SecretKeys.fileName
            // What an interrupted write left, open to all.
            try Files.writeAtomically([], to: path + ".old", mode: 0o666)
            try FileManager.default.moveItem(atPath: path + ".old", toPath: path + ".tmp")
            try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path + ".tmp")
            let first = try SecretKeys(directory: directory) { false }
            #expect(try mode(path) == 0o600 && first.ids.count == 1)
            #expect(!Files.exists(path + ".tmp"))
            let id = try first.rotate()
            #expect(first.ids.count == 2 && first.newestID == id && first.ids[0] != id)
            let again = try SecretKeys(directory: directory) { true }
            #expect(try again.ids == first.ids && mode(path) == 0o600)
        }
    }

    @Test func refused() throws {
        try withDirectory { directory in
            let path = directory + "/" + SecretKeys.fileName
            #expect(code { _ = try SecretKeys(directory: directory) { true } } == .failedPrecondition)
            #expect(!Files.exists(path), "no new key stands in the missing ones' place")
            _ = try SecretKeys(directory: directory) { false }
            for mode in [0o640, 0o604, 0o620, 0o777] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                #expect(code { _ = try SecretKeys(directory: directory) { true } } == .failedPrecondition)
            }
        }
    }

    @Test func damagedFilesShowNothing() throws {
        try withDirectory { directory in
            let path = directory + "/" + SecretKeys.fileName
            _ = try SecretKeys(directory: directory) { false }
            let good = String(decoding: try Files.read(path), as: UTF8.self)
            let key = try #require(try JSONParser.parse(good)["keys"]?[0]?["key"]?.stringValue)
            let other = String((key.first == "A" ? "B" : "A") + key.dropFirst())
            for bad in ["", "{}", String(good.dropLast(4)), good.replacingOccurrences(of: key, with: other), good.replacingOccurrences(of: "\"key\":\"", with: "\"key\":\"\"")] {
                try Files.writeAtomically(Array(bad.utf8), to: path)
                do {
                    _ = try SecretKeys(directory: directory) { false }
                    Issue.record("read: \(bad)")
                } catch let error as MonoflowError {
                    #expect(error.code == .dataLoss && !"\(error)".contains(key.prefix(8)))
                }
            }
        }
    }
}
