import Artifacts
import Core
import Foundation
import Testing

@Suite struct BlobTreeTests {
    private func withStore(_ body: (BlobStore, String) throws -> Void) throws {
        let base = "/tmp/monoflow-tests-" + Identifiers.random()
        defer { try? FileManager.default.removeItem(atPath: base) }
        try Files.makeDirectory(base + "/d")
        try body(try BlobStore(root: base + "/store"), base + "/d")
    }

    private func put(_ store: BlobStore, _ path: String, _ limits: TreeLimits = TreeLimits()) throws -> StoredTree {
        let fd = open(path, O_RDONLY | O_DIRECTORY)
        defer { close(fd) }
        return try store.putTree(descriptor: fd, name: "d", limits: limits)
    }

    @Test func aTreeComesBackAsItWas() throws {
        try withStore { store, path in
            try Files.makeDirectory(path + "/a/empty")
            try Files.writeAtomically(Array("run".utf8), to: path + "/a/run", mode: 0o755)
            try Files.writeAtomically(Array("run".utf8), to: path + "/same")
            symlink("a/run", path + "/link")
            let tree = try put(store, path)
            #expect(tree.bytes == 6 && tree.entries == 5)
            #expect(try put(store, path).digest == tree.digest)
            #expect(store.isTree(digest: tree.digest))
            let copy = path + "-copy"
            try Files.makeDirectory(copy)
            let fd = open(copy, O_RDONLY | O_DIRECTORY)
            defer { close(fd) }
            try store.materialize(tree: tree.digest, in: fd)
            #expect(try put(store, copy).digest == tree.digest)
            #expect(access(copy + "/a/run", X_OK) == 0)
        }
    }

    @Test func limitsAndForeignContent() throws {
        try withStore { store, path in
            try Files.makeDirectory(path + "/a/b")
            try Files.writeAtomically(Array("12345".utf8), to: path + "/a/b/f")
            for limits in [TreeLimits(entries: 2), TreeLimits(bytes: 4), TreeLimits(depth: 1)] {
                #expect { try put(store, path, limits) } throws: { ($0 as? MonoflowError)?.code == .payloadTooLarge }
            }
            // A file that reads like a tree is none.
            let tree = try put(store, path)
            let forged = try store.put(try store.read(digest: tree.digest) + Array(" ".utf8))
            #expect(!store.isTree(digest: forged.digest))
            #expect { try store.tree(digest: forged.digest) } throws: { ($0 as? MonoflowError)?.code == .notFound }
            symlink("/etc/passwd", path + "/bad")
            #expect { try put(store, path) } throws: { "\($0)".contains("bad → /etc/passwd") }
        }
    }
}
