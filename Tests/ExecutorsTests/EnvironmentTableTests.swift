import Core
import Foundation
import Tasks
import Testing

@testable import Executors

@Suite struct EnvironmentTableTests {
    @Test func images() {
        for (pattern, image, expected) in [
            ("python:3.*", "python:3.11", true), ("python:3.*", "docker.io/library/python:3.11-slim", true), ("python:3.*", "docker.io/python:3.9", true),
            ("python:3.*", "index.docker.io/library/python:3.9", true), ("python:3.*", "python:2.7", false), ("python:3.*", "quay.io/python:3.9", false),
            ("python:*", "python", true), ("alpine", "alpine:3.20", true), ("alpine", "alpine@sha256:abc", true), ("alpine:3", "alpine:3.20", false),
            ("python:latest", "python", true), ("user/app", "docker.io/user/app:1", true), ("localhost:5000/app:*", "localhost:5000/app:2", true),
            ("localhost:5000/app", "localhost:5000/app", true), ("ghcr.io/*/train:*", "ghcr.io/a/b/train:1", true), ("*", "anything/at:all", true),
            ("gcr.io/google-containers/busybox", "gcr.io/google-containers/busybox", true), ("app", "user/app", false),
        ] { #expect(ImageReference(image).matches(pattern: pattern) == expected, "\(pattern) \(image)") }
        #expect(ImageReference("python:3.11-slim").pythonVersion == "3.11")
        #expect(ImageReference("python:3.9.18").pythonVersion == "3.9")
        for none in ["python", "python:3", "python:alpine3.23", "python:2.7"] { #expect(ImageReference(none).pythonVersion == nil) }
    }

    @Test func builtInEntries() throws {
        let table = EnvironmentTable()
        for image in ["alpine", "busybox:1.36", "library/bash:4.4.23", "debian:12", "ubuntu", "gcr.io/google-containers/busybox", "docker.io/library/alpine"] {
            #expect(try table.entry(for: image).kind == .host, "\(image)")
        }
        for image in ["python:3.7", "python", "python:alpine3.6", "docker.io/library/python:3.12"] {
            #expect(try table.entry(for: image).kind == .python(version: nil, requirements: []), "\(image)")
        }
    }

    @Test func anUnknownImageSaysHowToMapIt() throws {
        let error = #expect(throws: MonoflowError.self) { try EnvironmentTable(file: "/etc/monoflow/environments.yaml").entry(for: "gcr.io/me/train:v2") }
        #expect(error?.code == .failedPrecondition && error?.subject == "gcr.io/me/train:v2")
        #expect(error?.hint == #"add `- {match: "gcr.io/me/train:*", python: "3.11", requirements: []}` (or `kind: host`) under `images:` to /etc/monoflow/environments.yaml"#)
        #expect(error?.description.contains("\n") == false)
    }

    @Test func commandLinesFollowKubernetes() {
        let entry = EnvironmentEntry(match: ["x"], kind: .host, entrypoint: ["run", "--it"], command: ["default"])
        #expect(entry.commandLine(command: nil, args: nil) == ["run", "--it", "default"])
        #expect(entry.commandLine(command: nil, args: ["a"]) == ["run", "--it", "a"])
        #expect(entry.commandLine(command: ["c"], args: nil) == ["c"])
        #expect(entry.commandLine(command: ["c"], args: ["a"]) == ["c", "a"])
        #expect(entry.commandLine(command: [], args: []) == ["run", "--it", "default"])
    }

    @Test func yaml() throws {
        let directory = "/tmp/monoflow-tests-" + Identifiers.random()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Files.makeDirectory(directory + "/trainer")
        let file = directory + "/environments.yaml"
        func load(_ text: String) throws -> EnvironmentTable {
            try Files.writeAtomically(Array(text.utf8), to: file)
            return try EnvironmentTable.load(file: file)
        }
        let table = try load("""
            images:
              - match: [trainer:*, "other"]
                python: 3.10
                requirements: [six==1.16.0]
                entrypoint: [python3, /app/main.py]
                command: --help
                env: {THREADS: 2}
                workdir: /app
                mounts: {/app: ./trainer}
              - match: alpine:edge
                kind: python
            """)
        let entry = try table.entry(for: "other:1")
        #expect(entry.kind == .python(version: "3.10", requirements: ["six==1.16.0"]))
        #expect(entry.entrypoint == ["python3", "/app/main.py"] && entry.command == ["--help"] && entry.workingDirectory == "/app")
        #expect(entry.env == [.init("THREADS", "2")] && entry.mounts == ["/app": directory + "/trainer"])
        #expect(try table.entry(for: "alpine:edge").kind == .python(version: nil, requirements: []))
        #expect(try table.entry(for: "alpine:3").kind == .host)
        #expect(try EnvironmentTable.load(file: directory + "/none.yaml").entries == EnvironmentTable().entries)
        for (text, place) in [
            ("images:\n  - match: a\n    colour: red", "entry 1, colour"), ("images:\n  - python: \"3.11\"", "entry 1, match"),
            ("images: [{match: a, python: two}]", "entry 1, python"), ("images: [{match: a, kind: host, requirements: [x]}]", "entry 1, kind"),
            ("images: [{match: a}, {match: b, mounts: {/x: ./missing}}]", "entry 2, mounts"), ("other: 1", "images:"),
            ("images: [a]", "entry 1"), ("{", file),
        ] {
            #expect { try load(text) } throws: { ($0 as? MonoflowError)?.code == .invalidArgument && "\($0)".contains(place) && !"\($0)".contains("\n") }
        }
    }

    @Test func mountsEntrypointAndDefaults() async throws {
        guard let level = Workbench.sandboxed.first else { return }
        let directory = "/tmp/monoflow-tests-" + Identifiers.random()
        try Files.makeDirectory(directory + "/app", mode: 0o755)
        try Files.writeAtomically(Array("echo from the image: $@ in $PWD with $MODE; echo > /app/x || echo read-only".utf8), to: directory + "/app/main.sh", mode: 0o644)
        let bench = try await Workbench(level, environments: """
            images:
              - {match: "shop/app", entrypoint: [sh, /app/main.sh], command: [by, default], env: {MODE: table}, workdir: /srv/here, mounts: {/app: \(directory)/app}}
            """)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let task = TaskLaunch(id: "t", namespace: "default", spec: TaskSpec(image: "shop/app:7"))
        #expect(try await bench.run(task).succeeded, "\(bench.log(task))")
        let log = bench.log(task)
        #expect(log.hasPrefix("from the image: by default in /srv/here with table\n") && log.hasSuffix("read-only\n"))
        let unknown = TaskLaunch(id: "u", namespace: "default", spec: TaskSpec(image: "shop/other"))
        await #expect { try await bench.executor.prepare(unknown) } throws: { ($0 as? MonoflowError)?.hint?.contains("\(bench.data)/environments.yaml") == true }
    }
}
