import CZlib
import Core

/// Finds the pipeline definition in an upload. Archives are read within bounds; nothing is written to disk.
enum ArchiveReader {
    static let maximumBytes = 64 << 20

    static func definition(in bytes: [UInt8], name: String) throws -> [UInt8] {
        if bytes.starts(with: [0x1f, 0x8b]) {
            let tar = try inflate(bytes[...], windowBits: 31, name: name)
            return try single(tarFiles(tar, name: name), name: name)
        }
        if bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) { return try single(zipFiles(bytes, name: name), name: name) }
        return bytes
    }

    private static func error(_ name: String, _ message: String) -> MonoflowError {
        MonoflowError(.invalidArgument, "read archive", name, message)
    }

    /// `pipeline.yaml` where there is one, else the only YAML or JSON file.
    private static func single(_ files: [(name: String, content: [UInt8])], name: String) throws -> [UInt8] {
        let definitions = files.filter { file in [".yaml", ".yml", ".json"].contains { file.name.hasSuffix($0) } }
        if let named = definitions.first(where: { $0.name == "pipeline.yaml" || $0.name.hasSuffix("/pipeline.yaml") }) { return named.content }
        guard definitions.count == 1 else {
            throw error(name, definitions.isEmpty ? "holds no YAML file" : "holds \(definitions.count) YAML files and none is pipeline.yaml")
        }
        return definitions[0].content
    }

    /// - Parameter windowBits: zlib's: 31 reads gzip, -15 raw deflate.
    static func inflate(_ bytes: ArraySlice<UInt8>, windowBits: Int32, name: String) throws -> [UInt8] {
        var stream = z_stream()
        guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw error(name, "cannot be decompressed")
        }
        defer { inflateEnd(&stream) }
        var out: [UInt8] = []
        var input = Array(bytes), chunk = [UInt8](repeating: 0, count: 1 << 16)
        let status: Int32 = try input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            while true {
                let (code, count) = chunk.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    return (CZlib.inflate(&stream, Z_NO_FLUSH), target.count - Int(stream.avail_out))
                }
                out.append(contentsOf: chunk[..<count])
                guard out.count <= maximumBytes else { throw error(name, "is larger than \(maximumBytes >> 20) MiB once decompressed") }
                if code != Z_OK || (stream.avail_in == 0 && count == 0) { return code }
            }
        }
        guard status == Z_STREAM_END else { throw error(name, "is truncated or damaged") }
        return out
    }

    static func tarFiles(_ tar: [UInt8], name: String) throws -> [(name: String, content: [UInt8])] {
        var files: [(String, [UInt8])] = []
        var at = 0, longName: String?
        while at + 512 <= tar.count {
            let header = tar[at..<(at + 512)]
            if header.allSatisfy({ $0 == 0 }) { break }
            func text(_ from: Int, _ count: Int) -> String {
                String(decoding: header[(at + from)..<(at + from + count)].prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let size = Int(text(124, 12).filter { $0 != " " }, radix: 8), size >= 0, at + 512 + size <= tar.count else {
                throw error(name, "is truncated or damaged")
            }
            let content = Array(tar[(at + 512)..<(at + 512 + size)])
            switch header[at + 156] {
            case UInt8(ascii: "L"): longName = String(decoding: content.prefix { $0 != 0 }, as: UTF8.self)
            case UInt8(ascii: "0"), 0:
                files.append((longName ?? text(0, 100), content))
                longName = nil
            default: longName = nil
            }
            at += 512 + (size + 511) / 512 * 512
        }
        return files
    }

    /// By the central directory, so that sizes are known however the zip was written.
    static func zipFiles(_ zip: [UInt8], name: String) throws -> [(name: String, content: [UInt8])] {
        func short(_ at: Int) -> Int { Int(zip[at]) | Int(zip[at + 1]) << 8 }
        func long(_ at: Int) -> Int { short(at) | short(at + 2) << 16 }
        guard zip.count >= 22, let end = (max(0, zip.count - 65_557)...(zip.count - 22)).last(where: { long($0) == 0x0605_4b50 }) else {
            throw error(name, "is truncated or damaged")
        }
        var files: [(String, [UInt8])] = []
        var at = long(end + 16), total = 0
        for _ in 0..<short(end + 10) {
            guard at + 46 <= zip.count, long(at) == 0x0201_4b50 else { throw error(name, "is truncated or damaged") }
            let (method, packed, nameLength) = (short(at + 10), long(at + 20), short(at + 28))
            let local = long(at + 42)
            guard at + 46 + nameLength <= zip.count, local + 30 <= zip.count else { throw error(name, "is truncated or damaged") }
            let file = String(decoding: zip[(at + 46)..<(at + 46 + nameLength)], as: UTF8.self)
            let start = local + 30 + short(local + 26) + short(local + 28)
            guard start + packed <= zip.count else { throw error(name, "is truncated or damaged") }
            let content: [UInt8]
            switch method {
            case 0: content = Array(zip[start..<(start + packed)])
            case 8: content = try inflate(zip[start..<(start + packed)], windowBits: -15, name: name)
            default: throw error(name, "\(file) is compressed by a method that is not supported (\(method))")
            }
            // Several entries may name the same bytes, and the sizes that they claim may be false.
            total += content.count
            guard total <= maximumBytes else { throw error(name, "is larger than \(maximumBytes >> 20) MiB once decompressed") }
            files.append((file, content))
            at += 46 + nameLength + short(at + 30) + short(at + 32)
        }
        return files
    }
}
