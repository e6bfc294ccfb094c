import Core
import Executors
import Foundation
import HTTP

/// Typed configuration of `monoflow serve`.
public struct ServerOptions: Sendable {
    public var data: String
    /// `HOST:PORT`; port 0 lets the kernel choose.
    public var listen: String
    /// `HOST:PORT` for TLS beside `listen`; nil: no TLS.
    public var tlsListen: String?
    /// What TLS shows, by the server name that a client asks for, the first else. Empty: one by the server's own authority.
    public var tlsCertificates: [CertificateFiles] = []
    /// A folder of `NAME/VERSION/model.onnx` to serve in the namespace `default`.
    public var modelRepository: String?
    /// `libonnxruntime.so`, or a folder that holds it.
    public var onnxRuntime: String?
    /// The image → environment table.
    public var images: String?
    public var publicDirectory: String
    public var migrations: String
    /// The `monoflow-step` program.
    public var stepProgram: String
    public var allowWeakIsolation = false
    /// Which network steps get.
    public var stepNetwork = StepNetwork.automatic
    /// Where a line for each request goes: a file, or `-` for standard error; nil for nowhere.
    public var accessLog: String?
    /// Most tasks at once; nil: four for each core.
    public var maximumTasks: Int?
    public var signIn = SignInOptions()
    /// Whether every user may create one profile, hence one namespace, for itself.
    public var selfRegistration = false
    public var limits = HTTPLimits()
    /// How long requests in flight may take to end after SIGTERM.
    public var drainTimeout: Duration = .seconds(10)

    public init(data: String, listen: String, publicDirectory: String, migrations: String, stepProgram: String) {
        self.data = data
        self.listen = listen
        self.publicDirectory = publicDirectory
        self.migrations = migrations
        self.stepProgram = stepProgram
    }
}

extension ServerOptions {
    /// Takes the word of `--step-network`. - Returns: false for an unknown one.
    public mutating func readStepNetwork(_ word: String) -> Bool {
        guard let value = StepNetwork(rawValue: word) else { return false }
        stepNetwork = value
        return true
    }
}

/// Where the files that belong to the program are: beside it, as installed, or in the checkout that it was built in.
public enum InstalledFiles {
    /// - Parameter name: `Public` or `migrations`.
    /// - Throws: `notFound` that lists where it looked.
    public static func find(_ name: String, program: String) throws -> String {
        var looked: [String] = []
        var directory = (program as NSString).deletingLastPathComponent
        for _ in 0..<5 where directory != "/" && !directory.isEmpty {
            for candidate in ["\(directory)/\(name)", "\(directory)/../share/monoflow/\(name)"] {
                if Files.exists(candidate) { return candidate }
                looked.append(candidate)
            }
            directory = (directory as NSString).deletingLastPathComponent
        }
        throw MonoflowError(.notFound, "find installed files", name, "not in \(looked.joined(separator: ", "))", hint: "name the folder with an option, see monoflow serve --help")
    }

    /// The running program's own path, links resolved.
    public static func program() -> String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
