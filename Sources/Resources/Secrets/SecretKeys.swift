import Core
import Synchronization

/// The keys of sealed values. The newest one seals, all of them open.
public final class SecretKeys: Sendable {
    /// In the data directory.
    public static let fileName = "secret-keys"

    private let file: SecretKeyFile
    /// The newest last; never empty.
    private let keys: Mutex<[SealingKey]>

    /// Reads the key file, or makes it with a first key.
    /// - Parameters:
    ///   - directory: where the file is, or shall be.
    ///   - isNeeded: whether something is sealed; asked where there is no file.
    /// - Throws: `failedPrecondition` where the file is needed and missing, or its mode is open to others; `dataLoss` where it is damaged.
    public init(directory: String, isNeeded: () throws(MonoflowError) -> Bool) throws(MonoflowError) {
        let file = SecretKeyFile(directory: directory)
        self.file = file
        if let found = try file.read() {
            keys = Mutex(found)
            return
        }
        if try isNeeded() {
            throw MonoflowError(
                .failedPrecondition, "read secret keys", file.path, "the database holds secrets that were sealed with keys of this file, and it is missing",
                hint: "restore it from the backup of the data directory")
        }
        let first = SealingKey.random()
        try file.write([first])
        keys = Mutex([first])
    }

    /// The names of the keys, the newest last.
    public var ids: [String] { keys.withLock { $0.map(\.id) } }

    /// The name of the key that seals.
    public var newestID: String { keys.withLock { $0[$0.count - 1].id } }

    /// Adds a key, which seals from now on. It is durable before it is used.
    /// - Returns: its name.
    @discardableResult
    public func rotate() throws(MonoflowError) -> String {
        let key = SealingKey.random()
        try change { $0 + [key] }
        return key.id
    }

    /// Takes keys out of the file. The newest one stays.
    func drop(_ ids: Set<String>) throws(MonoflowError) {
        try change { keys in keys.dropLast().filter { !ids.contains($0.id) } + keys.suffix(1) }
    }

    private func change(_ edit: ([SealingKey]) -> [SealingKey]) throws(MonoflowError) {
        try keys.withLock { keys throws(MonoflowError) in
            let new = edit(keys)
            if new == keys { return }
            try file.write(new)
            keys = new
        }
    }

    func seal(_ plain: [UInt8], authenticating place: [UInt8]) -> String {
        keys.withLock { $0[$0.count - 1] }.seal(plain, authenticating: place)
    }

    /// - Throws: `failedPrecondition` where the key is not there; `dataLoss` where the text is not what was sealed for this place.
    func open(_ text: String, authenticating place: [UInt8]) throws(MonoflowError) -> [UInt8] {
        guard let id = SealingKey.keyID(of: text) else { throw MonoflowError(.dataLoss, "open sealed value", "", "the value is stored without a seal") }
        guard let key = keys.withLock({ $0.last { $0.id == id } }) else {
            throw MonoflowError(
                .failedPrecondition, "open sealed value", "", "it was sealed with a key that \(file.path) does not have",
                hint: "restore the file from the backup of the data directory")
        }
        guard let plain = key.open(text, authenticating: place) else {
            throw MonoflowError(.dataLoss, "open sealed value", "", "the stored text was changed, or belongs to another object")
        }
        return plain
    }
}
