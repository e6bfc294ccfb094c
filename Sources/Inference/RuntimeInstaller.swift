import Core
import Foundation

/// Puts ONNX Runtime's wheel from PyPI under `DIR/environments/onnxruntime-VERSION`.
public struct RuntimeInstaller: Sendable {
    /// The release that is installed. Any from 1.16 on works when it is named by path.
    public static let defaultVersion = "1.32.0"

    public var version: String
    /// The final directory; it appears by one rename, whole.
    public var directory: String
    /// Fills a directory with the unpacked wheel; blocks. The message of what it throws is shown to users.
    public var fetch: @Sendable (_ version: String, _ directory: String) throws(MonoflowError) -> Void

    public init(
        environments: String, version: String = RuntimeInstaller.defaultVersion,
        fetch: @escaping @Sendable (String, String) throws(MonoflowError) -> Void = PyPIWheel.fetch
    ) {
        (self.version, self.fetch) = (version, fetch)
        directory = "\(environments)/onnxruntime-\(version)"
    }

    /// Installs unless it is there. Blocks, for as long as the download takes.
    /// - Returns: the library's path.
    public func install() throws(MonoflowError) -> String {
        if let found = RuntimeLocator.library(under: directory) { return found }
        // What an interrupted installation left behind has the process's own name, so it is never taken for whole.
        let temporary = "\(directory).\(Identifiers.random()).tmp"
        try Files.makeDirectory(temporary, mode: 0o755)
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        try fetch(version, temporary)
        guard RuntimeLocator.library(under: temporary) != nil else {
            throw MonoflowError(.unavailable, "install ONNX Runtime", version, "the wheel holds no libonnxruntime.so")
        }
        if rename(temporary, directory) != 0, RuntimeLocator.library(under: directory) == nil {
            throw Files.failure("install ONNX Runtime", directory)
        }
        guard let library = RuntimeLocator.library(under: directory) else {
            throw MonoflowError(.internalError, "install ONNX Runtime", directory, "the installed library has disappeared")
        }
        return library
    }
}

/// Downloads and unpacks a wheel with the machine's own Python tools; no package of it is run.
public enum PyPIWheel {
    /// Limit for the whole download.
    static let timeout: TimeInterval = 900

    public static let fetch: @Sendable (String, String) throws(MonoflowError) -> Void = { version, directory throws(MonoflowError) in
        let requirement = "onnxruntime==\(version)"
        // The interpreter's own version must not matter: only the C library in the wheel is used.
        let pip = ["python3", "-m", "pip", "--disable-pip-version-check", "download", "--no-deps", "--only-binary=:all:",
            "--python-version", "3.12", "--platform", "manylinux_2_28_\(machine)", "--platform", "manylinux_2_27_\(machine)",
            "--dest", directory, requirement]
        let uv = ["uv", "pip", "install", "--no-deps", "--only-binary", ":all:", "--python-version", "3.12",
            "--python-platform", "\(machine)-manylinux_2_28", "--target", directory, requirement]
        do throws(MonoflowError) {
            try run(pip)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            guard let wheel = names.first(where: { $0.hasSuffix(".whl") }) else {
                throw MonoflowError(.unavailable, "install ONNX Runtime", version, "pip downloaded no wheel")
            }
            try run(["python3", "-m", "zipfile", "--extract", "\(directory)/\(wheel)", directory])
            unlink("\(directory)/\(wheel)")
        } catch let first {
            do throws(MonoflowError) { try run(uv) } catch let second {
                throw MonoflowError(.unavailable, "install ONNX Runtime", version, "\(first.message); \(second.message)",
                    hint: "install the PyPI package onnxruntime yourself and name it by --onnxruntime or \(RuntimeLocator.environmentVariable)")
            }
        }
    }

    private static var machine: String {
        var name = utsname()
        uname(&name)
        return withUnsafeBytes(of: &name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func run(_ command: [String]) throws(MonoflowError) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        (process.standardOutput, process.standardError, process.standardInput) = (output, output, FileHandle.nullDevice)
        let title = command.prefix(3).joined(separator: " ")
        do { try process.run() } catch { throw MonoflowError.wrap(error, "install ONNX Runtime", title) }
        let watchdog = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + timeout, execute: watchdog)
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        watchdog.cancel()
        guard process.terminationStatus == 0 else {
            let last = text.split(separator: "\n").last { !$0.allSatisfy(\.isWhitespace) } ?? "no output"
            throw MonoflowError(.unavailable, "install ONNX Runtime", title, "\(title) failed with status \(process.terminationStatus): \(last)")
        }
    }
}
