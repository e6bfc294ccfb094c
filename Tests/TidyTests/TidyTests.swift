import Foundation
import Testing

/// Holds what the compiler does not: who may import whom, how long a file may be, and calls that are banned.
@Suite struct TidyTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The layer of each target. A target imports only targets of lower layers.
    static let layers: [String: Int] = [
        "CLinux": 0, "COpenSSL": 0, "CZlib": 0, "CNGHTTP2": 0, "CModelBackend": 0, "COnnxRuntime": 0,
        "Core": 1, "Database": 2, "Sockets": 2, "Processes": 2,
        "HTTP": 3, "GRPC": 4,
        "Access": 4, "SingleSignOn": 4, "Tasks": 4, "Artifacts": 4, "Resources": 4,
        "Pipelines": 5, "Inference": 5, "Namespaces": 5, "Training": 5, "Serving": 6,
        "Executors": 7, "API": 7,
        "App": 8, "CommandLine": 8, "monoflow": 9,
    ]

    /// What a target may import from outside beside Foundation and its kin.
    static let packages: [String: Set<String>] = [
        "GRDB": ["Database", "Access", "Namespaces", "Resources", "Tasks", "Artifacts", "Pipelines", "Serving", "Training"],
        "Yams": ["Pipelines", "Executors", "API", "App", "CommandLine"],
        "ArgumentParser": ["CommandLine", "monoflow"],
        "SwiftProtobuf": ["GRPC", "API", "App"],
    ]

    /// Domain and edge targets that must not know each other, whatever their layers.
    static let strangers: [(String, String)] = [
        ("Executors", "API"), ("API", "Executors"), ("Executors", "HTTP"), ("Pipelines", "HTTP"), ("Serving", "HTTP"), ("Inference", "Database"),
        ("Inference", "HTTP"), ("Serving", "Pipelines"), ("Sockets", "Database"), ("HTTP", "Database"), ("Pipelines", "Processes"), ("Access", "HTTP"), ("SingleSignOn", "Database"), ("Resources", "HTTP"), ("Resources", "Access"), ("Namespaces", "HTTP"), ("Training", "HTTP"), ("Training", "Access"), ("Training", "Processes"),
        ("Executors", "GRPC"), ("Pipelines", "GRPC"), ("Serving", "GRPC"), ("Inference", "GRPC"), ("CommandLine", "Database"),
    ]

    struct Source {
        var target: String
        var path: String
        var lines: [Substring]
    }

    static func sources() -> [Source] {
        let base = root.appendingPathComponent("Sources")
        let files = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".c") || $0.hasSuffix(".h") }.sorted().compactMap { file in
            guard let text = try? String(contentsOf: base.appendingPathComponent(file), encoding: .utf8) else { return nil }
            return Source(target: String(file.prefix { $0 != "/" }), path: file, lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }

    private func imports(_ source: Source) -> [String] {
        source.lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "import"), at <= 1, !line.hasPrefix(" "), !line.hasPrefix("//") else { return nil }
            return words.last.map { String($0.prefix { $0 != "." }) }
        }
    }

    @Test func importsFollowTheLayers() {
        let sources = Self.sources()
        #expect(sources.count > 100, "the sources were not found")
        for source in sources where source.path.hasSuffix(".swift") {
            guard let own = Self.layers[source.target] else {
                Issue.record("\(source.path): the target \(source.target) is not in the table of layers")
                continue
            }
            for name in imports(source) {
                if let other = Self.layers[name] { #expect(other < own, "\(source.path) imports \(name), which is not below \(source.target)") }
                if let allowed = Self.packages[name] { #expect(allowed.contains(source.target), "\(source.path) imports \(name)") }
                #expect(!name.hasPrefix("NIO"), "\(source.path) imports \(name)")
            }
        }
    }

    @Test func strangersStayStrangers() {
        for source in Self.sources() where source.path.hasSuffix(".swift") {
            let names = Set(imports(source))
            for (target, other) in Self.strangers where target == source.target {
                #expect(!names.contains(other), "\(source.path): \(target) must not know \(other)")
            }
        }
    }

    /// Public declarations in the dashboard's scripts are few; a module that grows past this wants to be two.
    @Test func filesAreShort() {
        for source in Self.sources() where !source.path.hasSuffix(".pb.swift") {
            #expect(source.lines.count <= 320, "\(source.path) has \(source.lines.count) lines")
        }
        let scripts = FileManager.default.enumerator(atPath: Self.root.appendingPathComponent("Public").path)?.compactMap { $0 as? String } ?? []
        for script in scripts where script.hasSuffix(".js") {
            let text = (try? String(contentsOf: Self.root.appendingPathComponent("Public/" + script), encoding: .utf8)) ?? ""
            #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 320, "Public/\(script) is too long")
        }
    }

    /// Each pattern with where it may stand all the same.
    private static let banned: [(pattern: String, except: [String])] = [
        ("try!", []), ("as! ", []), ("fatalError(", []), ("TODO", []), ("FIXME", []), ("Thread.sleep", []), ("usleep(", []),
        ("DispatchSemaphore", ["Executors/Blocking.swift"]), ("static var shared", []), ("static let shared", []), ("print(", ["monoflow/", "Executors/PythonInterpreters.swift"]),
        ("UUID()", ["Core/"]), ("Date()", ["Core/"]),
        // A function read out of a generic value is converted, and written back converted: each use adds to a chain. Keep it in a struct.
        ("Mutex<(@", []),
    ]

    @Test func bannedCalls() {
        for source in Self.sources() where source.path.hasSuffix(".swift") {
            for (index, line) in source.lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                for (pattern, except) in Self.banned where line.contains(pattern) {
                    let isWord = pattern != "print(" || !line.contains("fingerprint(")
                    if isWord && !except.contains(where: { source.path.hasPrefix($0) }) {
                        Issue.record("\(source.path):\(index + 1) uses \(pattern): \(line.trimmingCharacters(in: .whitespaces))")
                    }
                }
            }
        }
    }

    /// Which of Glibc's constants a file sees without importing them depends on what is compiled beside it: a clean build may fail
    /// where an incremental one does not.
    @Test func constantsOfSocketsAreImported() throws {
        let names = try Regex("\\b(SOCK|MSG|SHUT)_[A-Z]+\\b")
        for folder in ["Sources", "Tests"] {
            let base = Self.root.appendingPathComponent(folder)
            for case let file as String in FileManager.default.enumerator(atPath: base.path) ?? .init() where file.hasSuffix(".swift") && !file.hasPrefix("TidyTests") {
                let text = try String(contentsOf: base.appendingPathComponent(file), encoding: .utf8)
                guard text.contains(names) else { continue }
                #expect(text.contains("import CLinux"), "\(folder)/\(file) uses a constant of sockets and does not import CLinux")
            }
        }
    }

    @Test func theDashboardHasNoInlineCode() throws {
        let page = try String(contentsOf: Self.root.appendingPathComponent("Public/index.html"), encoding: .utf8)
        #expect(!page.contains("style=\"") && !page.contains("onclick="))
        for script in page.components(separatedBy: "<script").dropFirst() { #expect(script.contains("src="), "an inline script") }
        let files = FileManager.default.enumerator(atPath: Self.root.appendingPathComponent("Public").path)?.compactMap { $0 as? String } ?? []
        for file in files where file.hasSuffix(".js") {
            let text = try String(contentsOf: Self.root.appendingPathComponent("Public/" + file), encoding: .utf8)
            #expect(!text.contains(".innerHTML") && !text.contains("eval("), "Public/\(file)")
        }
    }
}
