/// Splits a shell script into simple commands, well enough to find `pip install` lines: quotes, escapes, comments,
/// redirections and operators, but no expansion.
enum ShellWords {
    struct Word: Equatable {
        var text: String
        /// Holds a `$` or backtick that the shell would expand, so `text` is not what the program gets.
        var isExpanded = false
    }

    static func commands(_ script: String) -> [[Word]] {
        var scanner = Scanner(characters: Array(script))
        return scanner.run()
    }

    private struct Scanner {
        let characters: [Character]
        var at = 0
        var commands: [[Word]] = []
        var words: [Word] = []
        var word: Word?
        var skipsNext = false

        init(characters: [Character]) { self.characters = characters }

        mutating func run() -> [[Word]] {
            while at < characters.count { step() }
            endCommand()
            return commands
        }

        private mutating func step() {
            let c = characters[at]
            at += 1
            switch c {
            case "\\":
                guard at < characters.count else { return }
                if !characters[at].isNewline { put(characters[at]) }
                at += 1
            case "'":
                begin()
                while at < characters.count, characters[at] != "'" { word?.text.append(characters[at]); at += 1 }
                at += 1
            case "\"": doubleQuoted()
            case "#" where word == nil:
                while at < characters.count, !characters[at].isNewline { at += 1 }
            case ";", "&", "|", "(", ")", "{", "}": endCommand()
            case ">", "<":
                // A number before it is the descriptor.
                if let text = word?.text, text.allSatisfy(\.isNumber) { word = nil }
                endWord()
                while at < characters.count, "<>&".contains(characters[at]) { at += 1 }
                skipsNext = true
            case _ where c.isNewline: endCommand()
            case _ where c.isWhitespace: endWord()
            default: put(c)
            }
        }

        private mutating func doubleQuoted() {
            begin()
            while at < characters.count, characters[at] != "\"" {
                if characters[at] == "\\", at + 1 < characters.count, "\"\\$`".contains(characters[at + 1]) {
                    at += 1
                    word?.text.append(characters[at])
                } else {
                    put(characters[at])
                }
                at += 1
            }
            at += 1
        }

        private mutating func begin() { if word == nil { word = Word(text: "") } }

        private mutating func put(_ c: Character) {
            begin()
            word?.text.append(c)
            if c == "$" || c == "`" { word?.isExpanded = true }
        }

        private mutating func endWord() {
            guard let done = word else { return }
            word = nil
            if skipsNext { skipsNext = false } else { words.append(done) }
        }

        private mutating func endCommand() {
            endWord()
            skipsNext = false
            if !words.isEmpty { commands.append(words) }
            words = []
        }
    }
}
