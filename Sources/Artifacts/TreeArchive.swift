import CZlib
import Core
import Foundation

/// A stored directory as a `.tar.gz`, made while it is sent: memory does not grow with it.
public struct TreeArchive: Sendable {
    let blobs: BlobStore

    public init(blobs: BlobStore) { self.blobs = blobs }

    /// - Parameter send: takes the next bytes of the archive.
    public func write(tree digest: String, send: ([UInt8]) async throws -> Void) async throws {
        let gzip = try GzipStream()
        for entry in try blobs.tree(digest: digest).entries {
            try await send(try gzip.compress(try header(entry)))
            guard entry.kind == .file, let blob = entry.digest else { continue }
            let file = try blobs.open(digest: blob)
            defer { close(file) }
            var left = entry.bytes ?? 0
            var chunk = [UInt8](repeating: 0, count: 128 << 10)
            while left > 0 {
                let count = read(file, &chunk, min(chunk.count, Int(left)))
                guard count > 0 else { throw Files.failure("read artifact", blob) }
                left -= Int64(count)
                try await send(try gzip.compress(Array(chunk[..<count])))
            }
            let padding = Int((512 - (entry.bytes ?? 0) % 512) % 512)
            try await send(try gzip.compress([UInt8](repeating: 0, count: padding)))
        }
        try await send(try gzip.compress([UInt8](repeating: 0, count: 1024)))
        try await send(try gzip.finish())
    }

    /// A ustar header; a path that it cannot hold goes before it in a GNU long-name block.
    private func header(_ entry: TreeEntry) throws -> [UInt8] {
        let path = entry.kind == .directory ? entry.path + "/" : entry.path
        var out: [UInt8] = []
        if path.utf8.count > 99 { out += block("././@LongLink", 0, Int64(path.utf8.count + 1), UInt8(ascii: "L"), "") + padded(Array(path.utf8) + [0]) }
        let type: UInt8 =
            switch entry.kind {
            case .file: UInt8(ascii: "0")
            case .directory: UInt8(ascii: "5")
            case .link: UInt8(ascii: "2")
            }
        out += block(String(decoding: path.utf8.prefix(99), as: UTF8.self), entry.mode ?? 0o755, entry.kind == .file ? entry.bytes ?? 0 : 0, type, entry.target ?? "")
        return out
    }

    private func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512) }

    private func block(_ name: String, _ mode: UInt32, _ size: Int64, _ type: UInt8, _ target: String) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ at: Int, _ limit: Int) { for (index, byte) in text.utf8.prefix(limit).enumerated() { block[at + index] = byte } }
        func octal(_ value: Int64, _ at: Int, _ digits: Int) {
            let text = String(value, radix: 8)
            put(String(repeating: "0", count: max(0, digits - text.count)) + text, at, digits)
        }
        put(name, 0, 100)
        octal(Int64(mode & 0o7777), 100, 7)
        octal(0, 108, 7)
        octal(0, 116, 7)
        // Sizes of 8 GiB and more are written in binary, as GNU tar does.
        if size < 8 << 30 { octal(size, 124, 11) } else {
            block[124] = 0x80
            for index in 0..<8 { block[135 - index] = UInt8(truncatingIfNeeded: size >> (8 * Int64(index))) }
        }
        octal(0, 136, 11)
        put("        ", 148, 8)
        block[156] = type
        put(target, 157, 100)
        put("ustar", 257, 5)
        put("00", 263, 2)
        octal(block.reduce(Int64(0)) { $0 + Int64($1) }, 148, 6)
        block[154] = 0
        return block
    }
}

/// Gzip as a stream.
final class GzipStream {
    private var stream = z_stream()

    init() throws {
        guard deflateInit2_(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw MonoflowError(.internalError, "compress", "", "zlib cannot be started")
        }
    }

    deinit { deflateEnd(&stream) }

    func compress(_ bytes: [UInt8]) throws -> [UInt8] { try run(bytes, Z_NO_FLUSH) }
    func finish() throws -> [UInt8] { try run([], Z_FINISH) }

    private func run(_ bytes: [UInt8], _ flush: Int32) throws -> [UInt8] {
        var input = bytes, out: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        try input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            repeat {
                let (code, count) = chunk.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    return (deflate(&stream, flush), target.count - Int(stream.avail_out))
                }
                guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
                    throw MonoflowError(.internalError, "compress", "", "zlib answers \(code)")
                }
                out.append(contentsOf: chunk[..<count])
            } while stream.avail_out == 0
        }
        return out
    }
}
