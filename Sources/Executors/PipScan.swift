import Core
import Tasks

/// What a step's own `pip install` lines will ask for: installed beforehand, they find everything satisfied.
public struct PipRequirements: Sendable, Equatable {
    /// Installed with what they depend on.
    public var full: [String] = []
    /// Installed alone, as `--no-deps` asks (the kfp compiler does, for kfp itself).
    public var bare: [String] = []
    /// `--index-url`, `--extra-index-url` and `--trusted-host` with their values.
    public var indexArguments: [String] = []

    public init(full: [String] = [], bare: [String] = [], indexArguments: [String] = []) {
        self.full = full
        self.bare = bare
        self.indexArguments = indexArguments
    }

    /// Finds them in a command line: `pip install …` itself, or a shell script given by `-c` or as an input file.
    public static func scan(commandLine: [String], inputs: [InputFile] = []) -> PipRequirements {
        var result = PipRequirements()
        result.take(commandLine.map { ShellWords.Word(text: $0) })
        for script in scripts(commandLine, inputs) { ShellWords.commands(script).forEach { result.take($0) } }
        result.full = latest(result.full)
        result.bare = latest(result.bare)
        return result
    }

    private static func scripts(_ line: [String], _ inputs: [InputFile]) -> [String] {
        var found: [String] = []
        for index in line.indices.dropFirst() {
            guard ["sh", "bash", "dash", "ash", "zsh"].contains(line[..<index].last { !$0.hasPrefix("-") }.map(leafName) ?? "") else { continue }
            if line[index - 1].wholeMatch(of: /-[a-z]*c/) != nil { found.append(line[index]) }
            for input in inputs where input.path == line[index] {
                if case .text(let text) = input.source { found.append(text) }
            }
        }
        return found
    }

    private static func leafName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    // ---- one simple command ----

    private mutating func take(_ command: [ShellWords.Word]) {
        guard let start = Self.installArguments(command) else { return }
        var found: [String] = [], indexes: [String] = []
        var isBare = false
        var at = start
        while at < command.count {
            let word = command[at]
            at += 1
            let (option, inline) = Self.option(word.text)
            guard let option else {
                if !word.isExpanded, Self.isRequirement(word.text) { found.append(word.text) }
                continue
            }
            // Such a line installs somewhere else, so it is never satisfied beforehand.
            if ["-t", "--target", "--prefix", "--root"].contains(option) { return }
            if option == "--no-deps" { isBare = true }
            guard Self.valued.contains(option) else { continue }
            var value = inline
            if value == nil, at < command.count {
                value = command[at].isExpanded ? nil : command[at].text
                at += 1
            }
            if let value, let name = Self.indexOptions[option] { indexes += [name, value] }
        }
        if isBare { bare += found } else { full += found }
        // A step often repeats the line with `--user`.
        let isKnown = stride(from: 0, to: indexArguments.count, by: 2).contains { indexArguments[$0...].starts(with: indexes) }
        if !found.isEmpty && !isKnown { indexArguments += indexes }
    }

    /// Where the arguments of `pip install` begin; nil for other commands.
    private static func installArguments(_ words: [ShellWords.Word]) -> Int? {
        let lead: Set = ["then", "do", "else", "if", "!", "exec", "env", "sudo", "time", "command", "nohup", "uv"]
        guard let first = words.firstIndex(where: { !lead.contains($0.text) && $0.text.firstMatch(of: /^[A-Za-z_][A-Za-z0-9_]*=/) == nil }) else { return nil }
        var at = first + 1
        let program = leafName(words[first].text)
        if program.wholeMatch(of: /python[0-9.]*/) != nil {
            guard let module = words[at...].firstIndex(where: { !$0.text.hasPrefix("-") || $0.text == "-m" }), words[module].text == "-m",
                module + 1 < words.count, words[module + 1].text == "pip"
            else { return nil }
            at = module + 2
        } else if program.wholeMatch(of: /pip[0-9.]*/) == nil {
            return nil
        }
        guard let verb = words[min(at, words.count)...].firstIndex(where: { !$0.text.hasPrefix("-") }), words[verb].text == "install" else { return nil }
        return verb + 1
    }

    private static func option(_ text: String) -> (String?, String?) {
        guard text.hasPrefix("-") else { return (nil, nil) }
        guard text.hasPrefix("--"), let equals = text.firstIndex(of: "=") else { return (text, nil) }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    private static let indexOptions = [
        "-i": "--index-url", "--index-url": "--index-url", "--extra-index-url": "--extra-index-url", "--trusted-host": "--trusted-host",
    ]
    private static let valued: Set = [
        "-i", "--index-url", "--extra-index-url", "--trusted-host", "-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f",
        "--find-links", "--no-binary", "--only-binary", "--src", "--timeout", "--retries", "--proxy", "--cert", "--client-cert", "--cache-dir",
        "--log", "--upgrade-strategy", "--platform", "--python-version", "--implementation", "--abi", "--progress-bar", "--report", "-C",
        "--config-settings", "--global-option", "--root-user-action", "--exists-action", "--use-feature", "--python", "--keyring-provider",
    ]

    /// A name with extras, versions and a marker. Paths, addresses and files are left to the step's own pip.
    static func isRequirement(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\s*(\[[A-Za-z0-9._, -]*\])?\s*((===|==|>=|<=|~=|!=|<|>)[^;]*)?(;.*)?/) != nil
            && text.firstMatch(of: /\.(whl|zip|tar\.gz)$/) == nil
    }

    /// One line a package: a later one with a version wins, as it would in the step; one without is satisfied already.
    private static func latest(_ all: [String]) -> [String] {
        var order: [String] = [], byName: [String: String] = [:]
        for text in all {
            let name = canonicalName(text)
            if byName[name] == nil { order.append(name) }
            if byName[name] == nil || text.contains(where: { "=<>~!".contains($0) }) { byName[name] = text }
        }
        return order.compactMap { byName[$0] }
    }

    static func canonicalName(_ requirement: String) -> String {
        let name = requirement.prefix { $0.isLetter || $0.isNumber || "._-".contains($0) }
        return name.lowercased().replacing(/[._-]+/, with: "-")
    }
}
