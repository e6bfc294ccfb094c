import Core
import Foundation
import Synchronization
import Testing
@testable import Inference

struct RuntimeTests {
    @Test func findsTheLibraryWhereItsPackagesKeepIt() async throws {
        try await TestRuntime.withDirectory { root in
            for place in ["a", "b/capi", "c/onnxruntime/capi", "d/lib", "e/lib/python3.12/site-packages/onnxruntime/capi"] {
                try Files.makeDirectory("\(root)/\(place)")
                for name in ["libonnxruntime.so.1.9.0", "libonnxruntime.so.1.32.0", "libonnxruntime_providers_shared.so", "other.so"] {
                    try Files.writeAtomically([], to: "\(root)/\(place)/\(name)")
                }
                let directory = root + "/" + place.prefix(1)
                #expect(RuntimeLocator.library(under: directory) == "\(root)/\(place)/libonnxruntime.so.1.32.0")
            }
            let file = root + "/a/other.so"
            #expect(RuntimeLocator.library(under: file) == file, "a file is taken as it is")
            #expect(RuntimeLocator.library(under: root) == nil)
            let variable = [RuntimeLocator.environmentVariable: root + "/a"]
            #expect(try RuntimeLocator(option: root + "/d", environment: variable, installed: root).find() == root + "/d/lib/libonnxruntime.so.1.32.0")
            #expect(try RuntimeLocator(option: nil, environment: variable, installed: root).find() == root + "/a/libonnxruntime.so.1.32.0")
            #expect(try RuntimeLocator(option: nil, environment: [:], installed: root + "/c").find() != nil)
            #expect(try RuntimeLocator(option: nil, environment: [:], installed: root).find() == nil)
            let error = try #require(failure { _ = try RuntimeLocator(option: root, environment: variable, installed: root + "/c").find() })
            #expect(error.code == .notFound)
            #expect(error.subject == root)
        }
    }

    @Test func installsWholeOrNotAtAll() async throws {
        try await TestRuntime.withDirectory { root in
            let calls = Mutex(0)
            var installer = RuntimeInstaller(environments: root, version: "9.9") { version, directory throws(MonoflowError) in
                calls.withLock { $0 += 1 }
                try Files.makeDirectory(directory + "/onnxruntime/capi")
                try Files.writeAtomically(Array(version.utf8), to: directory + "/onnxruntime/capi/libonnxruntime.so.9.9")
            }
            let library = "\(root)/onnxruntime-9.9/onnxruntime/capi/libonnxruntime.so.9.9"
            let (first, second) = (try installer.install(), try installer.install())
            #expect(first == library)
            #expect(second == library)
            #expect(calls.withLock { $0 } == 1)
            installer.directory = root + "/second"
            installer.fetch = { _, directory throws(MonoflowError) in try Files.writeAtomically([1], to: directory + "/part") }
            #expect(failure { _ = try installer.install() }?.message.contains("no libonnxruntime.so") == true)
            let left = try FileManager.default.contentsOfDirectory(atPath: root)
            #expect(left == ["onnxruntime-9.9"], "no rest of the failed one")
        }
    }

    @Test func saysWhyModelsAreNotReady() async throws {
        try await TestRuntime.withDirectory { root in
            let gate = Gate(), calls = Mutex(0)
            let installer = RuntimeInstaller(environments: root) { _, _ throws(MonoflowError) in
                calls.withLock { $0 += 1 }
                gate.pass()
                throw MonoflowError(.unavailable, "install ONNX Runtime", "", "no network")
            }
            let runtime = InferenceRuntime(
                locator: RuntimeLocator(option: nil, environment: [:], installed: installer.directory), installer: installer, retryInterval: 3600)
            try runtime.openIfPresent()
            #expect(runtime.state == .notInstalled)
            async let first = failure { _ = try await runtime.backend() }
            async let second = failure { _ = try await runtime.backend() }
            gate.waitForArrivals(1)
            #expect(runtime.state == .installing)
            #expect(runtime.message.contains("is being installed"))
            gate.open()
            #expect(await first?.message == "no network")
            #expect(await second?.message == "no network")
            #expect(runtime.state == .failed("install ONNX Runtime: no network"))
            #expect(await failure { _ = try await runtime.backend() }?.message == "no network")
            #expect(calls.withLock { $0 } == 1, "a failure is answered again for the retry interval")
        }
    }

    @Test(.enabled(if: TestRuntime.isAvailable, Comment(rawValue: TestRuntime.reason)))
    func recoversWhenALaterAttemptSucceeds() async throws {
        let library = try #require(TestRuntime.library)
        try await TestRuntime.withDirectory { root in
            let calls = Mutex(0)
            let installer = RuntimeInstaller(environments: root) { _, directory throws(MonoflowError) in
                if calls.withLock({ $0 += 1; return $0 }) == 1 { throw MonoflowError(.unavailable, "install", "", "no network") }
                guard symlink(library, directory + "/libonnxruntime.so") == 0 else { throw Files.failure("link", directory) }
            }
            let runtime = InferenceRuntime(
                locator: RuntimeLocator(option: nil, environment: [:], installed: installer.directory), installer: installer, retryInterval: 0)
            #expect(await failure { _ = try await runtime.backend() } != nil)
            let backend = try await runtime.backend()
            #expect(runtime.state == .ready(version: backend.version))
            #expect(runtime.current === backend)
            let again = InferenceRuntime(
                locator: RuntimeLocator(option: nil, environment: [:], installed: installer.directory), installer: installer)
            try again.openIfPresent()
            #expect(again.state == .ready(version: backend.version))
        }
    }

    /// Downloads 28 MB; asked for by `MONOFLOW_TEST_DOWNLOADS=1`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["MONOFLOW_TEST_DOWNLOADS"] == "1", "downloads the runtime from PyPI"))
    func downloadsTheRealWheel() async throws {
        try await TestRuntime.withDirectory { root in
            let library = try RuntimeInstaller(environments: root).install()
            #expect(try ModelBackend.onnxRuntime(library: library).version == RuntimeInstaller.defaultVersion)
        }
    }

    @Test func aRepositoryIsReadWithItsErrors() async throws {
        try await TestRuntime.withDirectory { root in
            for (path, isModel) in [("b/2", true), ("b/10", true), ("a/1", true), ("c/1", false), ("d/latest", true), ("bad name/1", true), (".git/1", true)] {
                try Files.makeDirectory("\(root)/\(path)")
                if isModel { try Files.writeAtomically([], to: "\(root)/\(path)/model.onnx") }
            }
            try Files.makeDirectory(root + "/e")
            try Files.writeAtomically([], to: root + "/a/config.pbtxt")
            try Files.writeAtomically([], to: root + "/file")
            let contents = try ModelRepository(root: root).scan()
            #expect(contents.entries.map { "\($0.name)/\($0.version)" } == ["a/1", "b/2", "b/10"])
            #expect(contents.entries.first?.path == root + "/a/1/model.onnx")
            let places = Set(contents.problems.map { String($0.subject.dropFirst(root.count + 1)) })
            #expect(places == ["a/config.pbtxt", "bad name", "c", "c/1", "d", "d/latest", "e", "file"])
            #expect(failure { _ = try ModelRepository(root: root + "/none").scan() }?.code == .notFound)
        }
    }

    @Test func namesAndVersions() throws {
        for name in ["a", "digits", "A-b_c.9"] { #expect(failure { try ModelNames.check(name) } == nil) }
        for name in ["", ".a", "a/b", "ä", "a b", String(repeating: "a", count: 129)] { #expect(failure { try ModelNames.check(name) } != nil) }
        #expect(try ModelNames.version("12") == 12)
        for text in ["0", "-1", "01", "1.0", "", "+1", "x"] { #expect(failure { _ = try ModelNames.version(text) } != nil, "\(text)") }
    }
}
