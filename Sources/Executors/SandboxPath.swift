import Core

/// Absolute paths inside a sandbox.
enum SandboxPath {
    /// Without empty and `.` parts.
    /// - Throws: `invalidArgument` for a relative path, a `..`, a zero byte and the root itself.
    static func normalize(_ path: String, _ subject: String) throws(MonoflowError) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard path.hasPrefix("/"), !parts.isEmpty, !parts.contains(".."), !path.utf8.contains(0) else {
            throw MonoflowError(.invalidArgument, "place file", subject, "\(path) is not an absolute path without `..`")
        }
        return "/" + parts.joined(separator: "/")
    }

    static func parent(_ path: String) -> String {
        guard let cut = path.lastIndex(of: "/"), cut != path.startIndex else { return "/" }
        return String(path[..<cut])
    }

    static func isInside(_ path: String, _ directory: String) -> Bool { path == directory || path.hasPrefix(directory == "/" ? "/" : directory + "/") }

    /// Replaces each of the paths in a text by the same path below `root`: how a task without a sandbox finds the
    /// files that it would have found at absolute paths. Longest first, and never inside a longer path.
    static func redirect(_ text: String, paths: [String], root: String) -> String {
        let sorted = paths.sorted { $0.utf8.count > $1.utf8.count }.map { Array($0.utf8) }
        let bytes = Array(text.utf8)
        var out: [UInt8] = [], at = 0
        while at < bytes.count {
            let startsHere = at == 0 || !isPathByte(bytes[at - 1])
            let hit = !startsHere ? nil : sorted.first { path in
                bytes.count - at >= path.count && bytes[at..<(at + path.count)].elementsEqual(path)
                    && (at + path.count == bytes.count || bytes[at + path.count] == UInt8(ascii: "/") || !isPathByte(bytes[at + path.count]))
            }
            if let hit {
                out += Array(root.utf8) + hit
                at += hit.count
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isPathByte(_ c: UInt8) -> Bool {
        (c >= 48 && c <= 57) || (c | 0x20 >= 97 && c | 0x20 <= 122) || c == 0x2f || c == 0x2e || c == 0x2d || c == 0x5f || c >= 0x80
    }
}
