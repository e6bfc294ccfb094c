import Core
import Foundation

/// Finds `libonnxruntime.so` on disk.
public struct RuntimeLocator: Sendable {
    public static let environmentVariable = "MONOFLOW_ONNXRUNTIME"

    /// A path given by the operator: the library, or a directory that holds it, a wheel or a virtual environment.
    public var explicit: String?
    /// `DIR/environments/onnxruntime-VERSION`, where the server installs it.
    public var installed: String

    /// - Parameter option: the command line's path, which goes before the environment variable's.
    public init(option: String?, environment: [String: String], installed: String) {
        let variable = environment[Self.environmentVariable].flatMap { $0.isEmpty ? nil : $0 }
        (explicit, self.installed) = (option ?? variable, installed)
    }

    /// The library's path; nil where nothing was named and nothing is installed.
    /// - Throws: `notFound` where a path was named and holds no library: another one in its place would surprise.
    public func find() throws(MonoflowError) -> String? {
        guard let explicit else { return Self.library(under: installed) }
        if let found = Self.library(under: explicit) { return found }
        throw MonoflowError(.notFound, "find ONNX Runtime", explicit, "no libonnxruntime.so there",
            hint: "name the library, or a directory with an unpacked onnxruntime wheel, by --onnxruntime or \(Self.environmentVariable)")
    }

    /// The library at a path: the file itself, or the newest in the places where wheels and archives keep it.
    public static func library(under path: String) -> String? {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return nil }
        guard isDirectory.boolValue else { return path }
        var places = ["", "/capi", "/onnxruntime/capi", "/lib"].map { path + $0 }
        let pythons = (try? FileManager.default.contentsOfDirectory(atPath: path + "/lib")) ?? []
        places += pythons.filter { $0.hasPrefix("python") }.sorted().map { "\(path)/lib/\($0)/site-packages/onnxruntime/capi" }
        for place in places {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
            let newest = names.filter(isLibrary).max { $0.compare($1, options: .numeric) == .orderedAscending }
            if let newest { return "\(place)/\(newest)" }
        }
        return nil
    }

    /// `libonnxruntime.so` with or without a version, not `libonnxruntime_providers_….so`.
    private static func isLibrary(_ name: String) -> Bool {
        name == "libonnxruntime.so" || name.hasPrefix("libonnxruntime.so.")
    }
}
