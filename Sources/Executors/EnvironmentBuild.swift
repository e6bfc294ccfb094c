import Core
import Foundation
import Processes
import Tasks

/// The command that builds a managed environment, run in a sandbox of its own.
struct EnvironmentBuild {
    let plan: PythonPlan
    /// Absolute path of uv; nil builds with venv and pip.
    let uv: String?
    /// The cache of downloads, writable.
    let cache: String
    /// Opens the environment's directories, for tasks that get a writable layer over it.
    let opensDirectories: Bool
    /// Where the build's own files are: empty where it has a root of its own.
    var root = ""
    /// This server's own variables, of which package tools need some.
    let hostEnvironment: [String: String]

    var variables: [EnvironmentVariable] {
        var list: [String: String] = [
            "PATH": EnvironmentPlan.hostPath, "HOME": root + "/root", "TMPDIR": root + "/tmp", "LANG": "C.UTF-8", "VENV": plan.venv, "PYTHON": plan.interpreter.path,
            "UV": uv ?? "", "UV_CACHE_DIR": cache + "/uv", "UV_LINK_MODE": "copy", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1",
            "PIP_CACHE_DIR": cache + "/pip", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "OPEN": opensDirectories ? "1" : "",
            "FULL": plan.requirements.full.joined(separator: "\n"), "BARE": plan.requirements.bare.joined(separator: "\n"),
        ]
        for (name, value) in hostEnvironment where list[name] == nil && Self.isForPackageTools(name) { list[name] = value }
        for (pip, uv) in [("PIP_FIND_LINKS", "UV_FIND_LINKS"), ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), ("PIP_EXTRA_INDEX_URL", "UV_INDEX")] {
            if let value = hostEnvironment[pip], list[uv] == nil { list[uv] = value }
        }
        return list.sorted { $0.key < $1.key }.map { EnvironmentVariable($0.key, $0.value) }
    }

    /// Directories of ready-made packages that the server's own pip is pointed at.
    var packageDirectories: [String] {
        let names = (hostEnvironment["PIP_FIND_LINKS"] ?? "").split(separator: " ") + (hostEnvironment["UV_FIND_LINKS"] ?? "").split(separator: ",")
        return Set(names.map(String.init)).filter { $0.hasPrefix("/") && Files.exists($0) }.sorted()
    }

    private static func isForPackageTools(_ name: String) -> Bool {
        ["PIP_", "UV_", "SSL_CERT_"].contains { name.hasPrefix($0) } && !name.hasSuffix("CACHE_DIR") && name != "PIP_TARGET"
            || ["REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"].contains(name.uppercased())
    }

    var commandLine: [String] { ["/bin/sh", "-eu", "-c", Self.script, "build"] + indexArguments }

    private var indexArguments: [String] {
        let all = plan.requirements.indexArguments
        return stride(from: 0, to: all.count - 1, by: 2).flatMap { at -> [String] in
            let (name, value) = (all[at], all[at + 1])
            guard !value.hasPrefix("-") else { return [] }
            guard name == "--trusted-host", uv != nil else { return [name, value] }
            // uv's name for it, and a host alone: the kfp compiler writes an address here.
            let host = value.split(separator: "/").first { !$0.hasSuffix(":") } ?? ""
            return ["--allow-insecure-host", String(host)]
        }
    }

    // Wheels first: they run no code of theirs, so they may share the cache of downloads. A package that has to be
    // built from source runs its own code, so it gets no cache that another environment would trust.
    private static let script = """
        create() { "$PYTHON" -m venv "$VENV"; }
        if [ -n "$UV" ]; then
            "$UV" venv --quiet --allow-existing --seed --python "$PYTHON" "$VENV" || create
        else create; fi
        run() {
            if [ -n "$UV" ]; then "$UV" pip install --python "$VENV/bin/python" --compile-bytecode "$@"
            else "$VENV/bin/python" -m pip install "$@"; fi
        }
        install() {
            run --only-binary :all: "$@" && return
            echo "monoflow: not every package has a wheel; trying again with packages built from source"
            if [ -n "$UV" ]; then run --no-cache "$@"; else run --no-cache-dir "$@"; fi
        }
        if [ -n "$FULL" ]; then printf '%s\\n' "$FULL" > "$TMPDIR/full.txt"; install "$@" -r "$TMPDIR/full.txt"; fi
        if [ -n "$BARE" ]; then printf '%s\\n' "$BARE" > "$TMPDIR/bare.txt"; install --no-deps "$@" -r "$TMPDIR/bare.txt"; fi
        "$VENV/bin/python" -m pip --version
        if [ -n "$OPEN" ]; then find "$VENV" -type d -exec chmod 0777 {} +; fi
        sync -f "$VENV"
        """
}
