import Core

/// What a command is to work on: `KIND`, `KIND NAME…`, `KIND,KIND`, `KIND/NAME…`.
struct ObjectArguments: Sendable, Equatable {
    struct Selection: Sendable, Equatable {
        var kind: String
        /// Empty: all of them.
        var names: [String]
    }

    var selections: [Selection]

    /// - Throws: `invalidArgument`.
    init(_ words: [String]) throws(MonoflowError) {
        func wrong(_ subject: String, _ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "read arguments", subject, message) }
        guard let first = words.first else { throw wrong("", "name a kind, e.g. runs, configmaps, or KIND/NAME") }
        selections = []
        if first.contains("/") {
            for word in words {
                let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 2, !parts.contains("") else { throw wrong(word, "is not of the form KIND/NAME, as the words beside it are") }
                selections.append(Selection(kind: parts[0], names: [parts[1]]))
            }
            return
        }
        let kinds = first.split(separator: ",").map(String.init), names = Array(words.dropFirst())
        guard !kinds.isEmpty else { throw wrong(first, "names no kind") }
        guard kinds.count == 1 || names.isEmpty else { throw wrong(first, "several kinds cannot be combined with names") }
        guard !names.contains("") else { throw wrong(first, "a name is empty") }
        guard let slashed = names.first(where: { $0.contains("/") }) else {
            selections = kinds.map { Selection(kind: $0, names: names) }
            return
        }
        throw wrong(slashed, "a name has no slash; write either KIND NAME or KIND/NAME")
    }

    /// The one object that is named. - Throws: `invalidArgument`.
    func single() throws(MonoflowError) -> (kind: String, name: String) {
        guard selections.count == 1, selections[0].names.count == 1 else {
            throw MonoflowError(.invalidArgument, "read arguments", "", "name one object, as KIND/NAME or KIND NAME")
        }
        return (selections[0].kind, selections[0].names[0])
    }
}
