import Core
import Foundation

public enum ModelNames {
    /// - Throws: `invalidArgument` unless it is 1…128 letters, digits, `.`, `_` or `-` and does not begin with a dot.
    public static func check(_ name: String) throws(MonoflowError) {
        let allowed = name.utf8.allSatisfy { c in
            (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c == 45 || c == 46 || c == 95
        }
        guard allowed, (1...128).contains(name.utf8.count), !name.hasPrefix(".") else {
            throw MonoflowError(.invalidArgument, "name model", name,
                "a model's name has 1 to 128 letters, digits, '.', '_' or '-' and does not begin with '.'")
        }
    }

    /// A version is a whole number from 1 on. - Throws: `invalidArgument` for anything else.
    public static func version(_ text: String) throws(MonoflowError) -> Int {
        guard let number = Int(text), number >= 1, String(number) == text else {
            throw MonoflowError(.invalidArgument, "name model version", text, "a version is a whole number from 1 on")
        }
        return number
    }
}

/// A folder of `NAME/VERSION/model.onnx`.
public struct ModelRepository: Sendable {
    public struct Entry: Sendable, Equatable {
        public var name: String
        public var version: Int
        public var path: String
    }

    public struct Contents: Sendable {
        /// By name, then version, ascending.
        public var entries: [Entry] = []
        /// What was found and is not served, each with its place and the reason.
        public var problems: [MonoflowError] = []
    }

    public let root: String

    public init(root: String) { self.root = root }

    /// Reads the folder's present state. One bad entry does not hide the others.
    /// - Throws: `notFound` where the folder itself cannot be read.
    public func scan() throws(MonoflowError) -> Contents {
        var contents = Contents()
        for name in try list(root) where !name.hasPrefix(".") {
            do throws(MonoflowError) { try ModelNames.check(name) } catch {
                contents.problems.append(problem("\(root)/\(name)", error.message))
                continue
            }
            scanModel(name, into: &contents)
        }
        contents.entries.sort { ($0.name, $0.version) < ($1.name, $1.version) }
        return contents
    }

    private func scanModel(_ name: String, into contents: inout Contents) {
        let folder = "\(root)/\(name)"
        guard let versions = try? list(folder) else {
            return contents.problems.append(problem(folder, "expected a folder with one folder per version"))
        }
        let before = contents.entries.count
        for text in versions where !text.hasPrefix(".") {
            let place = "\(folder)/\(text)"
            guard let version = try? ModelNames.version(text) else {
                contents.problems.append(problem(place, "not read: expected a folder named by a version number"))
                continue
            }
            let path = "\(place)/model.onnx"
            if Files.exists(path) {
                contents.entries.append(Entry(name: name, version: version, path: path))
            } else {
                contents.problems.append(problem(place, "model.onnx is missing"))
            }
        }
        if contents.entries.count == before { contents.problems.append(problem(folder, "no version to serve")) }
    }

    private func problem(_ place: String, _ message: String) -> MonoflowError {
        MonoflowError(.invalidArgument, "read model repository", place, message)
    }

    private func list(_ path: String) throws(MonoflowError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            throw MonoflowError(.notFound, "read model repository", path, "the folder cannot be read")
        }
    }
}
