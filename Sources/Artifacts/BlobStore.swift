import CLinux
import Core
import Foundation

/// Content-addressed files under `ROOT/sha256/ab/cdef…`. A directory is stored as a *tree*: a JSON object that
/// lists its files (path, mode, size, digest), itself a blob, so equal files are kept once.
/// Blobs are written to a temporary name, synced and renamed: a digest that exists is whole.
public final class BlobStore: Sendable {
    public let root: String

    public init(root: String) throws {
        self.root = root
        try Files.makeDirectory(root + "/sha256")
        try Files.makeDirectory(root + "/incoming")
        // What a killed server was writing.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root + "/incoming")) ?? [] { unlink(root + "/incoming/" + name) }
    }

    /// Where a blob lies. - Throws: `invalidArgument` for anything but 64 lower-case hex digits.
    public func path(digest: String) throws -> String {
        guard digest.utf8.count == 64, digest.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }) else {
            throw MonoflowError(.invalidArgument, "find artifact", digest, "not a SHA-256 digest")
        }
        return "\(root)/sha256/\(digest.prefix(2))/\(digest.dropFirst(2))"
    }

    public func contains(digest: String) -> Bool { (try? path(digest: digest)).map(Files.exists) ?? false }

    public func put(_ bytes: [UInt8]) throws -> Blob {
        var writer = try BlobWriter(store: self)
        try writer.write(bytes)
        return try writer.commit()
    }

    /// Copies what is left to read of an open file.
    public func put(descriptor: Int32) throws -> Blob {
        var writer = try BlobWriter(store: self)
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count < 0 { if errno == EINTR { continue } else { throw Files.failure("store artifact", "descriptor \(descriptor)") } }
            if count == 0 { return try writer.commit() }
            try chunk.withUnsafeBytes { bytes in try writer.write(UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
        }
    }

    /// - Returns: an open read-only descriptor that the caller closes.
    public func open(digest: String) throws -> Int32 {
        let file = try path(digest: digest)
        let fd = Foundation.open(file, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw MonoflowError(.notFound, "open artifact", digest, "no such object in the store") }
        return fd
    }

    public func read(digest: String, limit: Int = 64 << 20) throws -> [UInt8] {
        let fd = try open(digest: digest)
        defer { close(fd) }
        return try Files.read(descriptor: fd, path: digest, limit: limit)
    }
}

public struct Blob: Sendable, Equatable {
    public var digest: String
    public var bytes: Int64
}

/// One blob being written; dropped without `commit`, it leaves nothing behind.
public struct BlobWriter: ~Copyable {
    private let store: BlobStore
    private let temporary: String
    private let fd: Int32
    private var hasher = SHA256Hasher()
    public private(set) var bytes: Int64 = 0

    public init(store: BlobStore) throws {
        self.store = store
        temporary = store.root + "/incoming/" + Identifiers.random()
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
        guard fd >= 0 else { throw Files.failure("store artifact", temporary) }
    }

    deinit {
        close(fd)
        unlink(temporary)
    }

    public mutating func write(_ more: [UInt8]) throws {
        try more.withUnsafeBytes { buffer in try write(buffer) }
    }

    public mutating func write(_ more: UnsafeRawBufferPointer) throws {
        hasher.update(more)
        bytes += Int64(more.count)
        var rest = more
        while !rest.isEmpty {
            let count = Foundation.write(fd, rest.baseAddress, rest.count)
            if count < 0 { if errno == EINTR { continue } else { throw Files.failure("store artifact", temporary) } }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    public mutating func commit() throws -> Blob {
        let digest = Hashing.hex(hasher.finish())
        let target = try store.path(digest: digest)
        if !Files.exists(target) {
            guard fdatasync(fd) == 0 else { throw Files.failure("store artifact", temporary) }
            let directory = String(target.dropLast(63)), isNew = !Files.exists(directory)
            try Files.makeDirectory(directory)
            guard rename(temporary, target) == 0 else { throw Files.failure("store artifact", target) }
            // The name must be as durable as the content: rows name the digest from here on.
            try Files.syncDirectory(directory)
            if isNew { try Files.syncDirectory(store.root + "/sha256") }
        }
        return Blob(digest: digest, bytes: bytes)
    }
}
