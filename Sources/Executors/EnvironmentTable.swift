import Core
import Tasks

/// What an image reference means on this machine.
public struct EnvironmentEntry: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// The host's own programs.
        case host
        /// A managed Python environment. `version` nil takes the image tag's, else the host's default.
        case python(version: String?, requirements: [String])
    }

    /// Patterns of image references, see `ImageReference.matches`.
    public var match: [String]
    public var kind: Kind
    /// As the image's ENTRYPOINT and CMD: a task's `command` replaces both, its `args` replace the second.
    public var entrypoint: [String]
    public var command: [String]
    public var env: [EnvironmentVariable]
    public var workingDirectory: String?
    /// Path in the sandbox → absolute host directory or file, read-only: what the image would have been given by COPY.
    public var mounts: [String: String]

    public init(
        match: [String], kind: Kind, entrypoint: [String] = [], command: [String] = [], env: [EnvironmentVariable] = [],
        workingDirectory: String? = nil, mounts: [String: String] = [:]
    ) {
        self.match = match
        self.kind = kind
        self.entrypoint = entrypoint
        self.command = command
        self.env = env
        self.workingDirectory = workingDirectory
        self.mounts = mounts
    }

    /// The command line of a task in this image, by the rules of Kubernetes. An empty list counts as none.
    public func commandLine(command: [String]?, args: [String]?) -> [String] {
        let args = args.flatMap { $0.isEmpty ? nil : $0 }
        if let command, !command.isEmpty { return command + (args ?? []) }
        return entrypoint + (args ?? self.command)
    }
}

/// Image reference → environment; the first entry that matches counts, the file's before the built-in ones.
public struct EnvironmentTable: Sendable {
    public let entries: [EnvironmentEntry]
    /// The file that people add lines to, whether or not it exists yet.
    public let file: String?

    public init(entries: [EnvironmentEntry] = [], file: String? = nil) {
        self.entries = entries + Self.defaults
        self.file = file
    }

    /// - Throws: `failedPrecondition` with one line that says how to map the image.
    public func entry(for image: String) throws(MonoflowError) -> EnvironmentEntry {
        let reference = ImageReference(image)
        if let entry = entries.first(where: { $0.match.contains { reference.matches(pattern: $0) } }) { return entry }
        let place = file.map { "to \($0)" } ?? "to a YAML file and start the server with --images FILE"
        throw MonoflowError(
            .failedPrecondition, "map image", image, "no environment of this machine stands for it",
            hint: "add `- {match: \"\(reference.name.deletingDefaultRegistry):*\", python: \"3.11\", requirements: []}`"
                + " (or `kind: host`) under `images:` \(place)")
    }

    /// What the image stands for, as text that changes when the table's entry does. Nil where no entry stands for it, or where
    /// the entry shows files of the host, which may change at any time.
    public func identity(of image: String) -> String? {
        guard let entry = try? entry(for: image), entry.mounts.isEmpty else { return nil }
        let kind: [String] =
            switch entry.kind {
            case .host: ["host"]
            case .python(let version, let requirements): ["python", version ?? ""] + requirements
            }
        let parts = [kind, entry.entrypoint, entry.command, entry.env.flatMap { [$0.name, $0.value] }, [entry.workingDirectory ?? ""]]
        return parts.map { $0.joined(separator: "\u{1f}") }.joined(separator: "\u{1e}")
    }

    /// The images of common examples whose tools every Debian host has, and Python.
    public static let defaults: [EnvironmentEntry] = [
        EnvironmentEntry(match: ["alpine", "debian", "ubuntu", "debian-slim"], kind: .host, command: ["/bin/sh"]),
        EnvironmentEntry(
            match: ["busybox", "gcr.io/google-containers/busybox", "k8s.gcr.io/busybox", "registry.k8s.io/*busybox", "ghcr.io/containerd/busybox"],
            kind: .host, command: ["sh"]),
        EnvironmentEntry(match: ["bash"], kind: .host, entrypoint: optionsTo("bash"), command: ["bash"]),
        EnvironmentEntry(match: ["curlimages/curl", "byrnedo/alpine-curl"], kind: .host, entrypoint: ["curl"]),
        EnvironmentEntry(match: ["stedolan/jq", "jetbrainsinfra/jq", "ghcr.io/jqlang/jq"], kind: .host, entrypoint: ["jq"]),
        EnvironmentEntry(match: ["python:3.*", "python:3", "python:*"], kind: .python(version: nil, requirements: []), command: ["python3"]),
        EnvironmentEntry(
            match: ["registry.access.redhat.com/ubi*/python-311:*"], kind: .python(version: "3.11", requirements: []), command: ["python3"]),
        EnvironmentEntry(
            match: ["registry.access.redhat.com/ubi*/python-312:*"], kind: .python(version: "3.12", requirements: []), command: ["python3"]),
    ]

    /// Many images start their main program where the arguments begin with an option, else the arguments.
    private static func optionsTo(_ program: String) -> [String] {
        ["sh", "-c", "case \"$1\" in -*) exec \(program) \"$@\";; *) exec \"$@\";; esac", program]
    }
}

extension String {
    fileprivate var deletingDefaultRegistry: String {
        for prefix in ["docker.io/library/", "docker.io/"] where hasPrefix(prefix) { return String(dropFirst(prefix.count)) }
        return self
    }
}
