// swift-tools-version: 6.2
import PackageDescription

// The layers of docs/ARCHITECTURE.md, lowest first. A target imports only lower layers;
// Tests/TidyTests reads this file and the sources and holds the table.

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let collections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let fuzzing = strict + [.define("FUZZ", .when(configuration: .debug))]

func layer(_ name: String, _ dependencies: [Target.Dependency], _ more: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict + more)
}

// The state of a connection is touched on its loop alone: release builds leave out the run-time check of overlapping accesses, 8 % of
// the layer's own time. Debug builds, hence the tests, keep it.
let confined: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "monoflow",
    products: [
        .executable(name: "monoflow", targets: ["monoflow"]),
        .executable(name: "monoflow-step", targets: ["monoflow-step"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    ],
    targets: [
        // 0 – C shims
        .target(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .target(name: "CModelBackend"),
        .target(name: "COnnxRuntime", dependencies: ["CModelBackend"]),
        // Static: the Swift runtime, which every executable is linked with, is not there inside a sandbox (see link.c).
        .executableTarget(name: "monoflow-step", linkerSettings: [.unsafeFlags(["-static-executable"])]),
        // 1 – foundations
        layer("Core", ["COpenSSL", logging, collections]),
        layer("Database", ["Core", grdb, logging, deque]),
        layer("Sockets", ["Core", "CLinux", "COpenSSL", logging, deque], confined),
        layer("Processes", ["Core", "CLinux", logging]),
        // 2 – protocols
        layer("HTTP", ["Core", "Sockets", "CLinux", "CNGHTTP2", "CZlib", deque, logging], confined),
        // Message code of Protos is made by scripts/make-protos and committed.
        .target(name: "GRPC", dependencies: ["Core", "HTTP", protobuf, logging], exclude: ["Protos"], swiftSettings: strict),
        // 3 – kernel
        layer("Access", ["Core", "Database", grdb, logging]),
        layer("SingleSignOn", ["Core", "COpenSSL", "HTTP", logging]),
        layer("Tasks", ["Core", "Database", grdb, deque, logging]),
        layer("Artifacts", ["Core", "Database", "CLinux", "CZlib", grdb, logging]),
        layer("Resources", ["Core", "Database", grdb, collections, deque, logging]),
        // 4 – domains
        layer("Pipelines", ["Core", "CZlib", "Database", "Tasks", "Artifacts", grdb, yams, collections, deque, logging]),
        layer("Namespaces", ["Core", "Access", "Database", "Resources", grdb, logging]),
        layer("Training", ["Core", "Database", "Tasks", "Resources", grdb, collections, deque, logging]),
        layer("Inference", ["Core", "CModelBackend", "COnnxRuntime", logging]),
        layer("Serving", ["Core", "Database", "Artifacts", "Inference", grdb, logging]),
        // 5 – edges
        layer("Executors", ["Core", "Processes", "Tasks", "Artifacts", "CLinux", yams, logging]),
        layer("API", ["Core", "HTTP", "GRPC", "Access", "SingleSignOn", "Resources", "Namespaces", "Training", "Tasks", "Artifacts", "Pipelines", "Inference", "Serving", yams, logging]),
        // 6 – assembly
        layer("App", [
            "Core", "Database", "Sockets", "Processes", "HTTP", "GRPC", "Access", "SingleSignOn", "Resources", "Namespaces", "Training", "Tasks", "Artifacts", "Pipelines",
            "Inference", "Serving", "Executors", "API", logging, yams,
        ]),
        layer("CommandLine", ["Core", "Sockets", "HTTP", arguments, yams, logging]),
        .executableTarget(name: "monoflow", dependencies: ["App", "CommandLine", "Core", "SingleSignOn", arguments], swiftSettings: strict),
        // Tests
        tests("CoreTests", ["Core"]),
        tests("DatabaseTests", ["Core", "Database", grdb]),
        tests("AccessTests", ["Core", "Database", "Access", grdb, logging]),
        tests("SingleSignOnTests", ["Core", "COpenSSL", "HTTP", "SingleSignOn", "Sockets", logging]),
        tests("ResourcesTests", ["Core", "Database", "Resources", grdb, logging]),
        tests("NamespacesTests", ["Core", "Database", "Access", "Resources", "Namespaces", grdb, logging]),
        tests("SocketsTests", ["Core", "CLinux", "COpenSSL", "Sockets"]),
        tests("HTTPTests", ["Core", "Sockets", "HTTP", "CLinux", "CNGHTTP2", "FuzzTargets"], exclude: ["Seeds"]),
        tests("GRPCTests", ["Core", "Sockets", "HTTP", "GRPC", protobuf]),
        .target(name: "ScriptedTasks", dependencies: ["Core", "Database", "Tasks"], path: "Tests/ScriptedTasks", swiftSettings: strict),
        tests("TasksTests", ["Core", "Database", "Tasks", "ScriptedTasks", logging]),
        tests("PipelinesTests", ["Core", "CZlib", "Database", "Tasks", "Artifacts", "Pipelines", "ScriptedTasks", logging]),
        tests("TrainingTests", ["Core", "Database", "Tasks", "Resources", "Training", "ScriptedTasks", grdb, logging]),
        tests("InferenceTests", ["Core", "Inference"], exclude: ["Fixtures"]),
        tests("ServingTests", ["Core", "Database", "Artifacts", "Inference", "Serving", grdb, logging]),
        tests("ExecutorsTests", ["Core", "CLinux", "Processes", "Tasks", "Artifacts", "Database", "Executors"]),
        tests("CommandLineTests", ["Core", "HTTP", "CommandLine", arguments]),
        // A server of the HTTP layer alone, for real clients and benchmarks.
        .executableTarget(
            name: "monoflow-wire", dependencies: ["Core", "GRPC", "HTTP", "Sockets", protobuf, logging], path: "Tests/WireServer", exclude: ["Protos"],
            swiftSettings: strict),
        // Targets for scripts/fuzz. They reach into modules as tests do, which release builds of these do not allow: FUZZ.
        .target(
            name: "FuzzTargets", dependencies: ["Core", "CLinux", "Sockets", "HTTP", "GRPC", "CNGHTTP2", logging], path: "Tests/Fuzz/Targets", swiftSettings: fuzzing),
        .executableTarget(name: "monoflow-fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Main", swiftSettings: fuzzing),
        tests("TidyTests", []),
    ],
    swiftLanguageModes: [.v6]
)
