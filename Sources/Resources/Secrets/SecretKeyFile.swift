import Core
import Foundation

/// The file that holds the keys of sealed values, outside of the database: whoever copies the database alone has no secrets.
struct SecretKeyFile: Sendable {
    private static let format = "monoflow-secret-keys-1"
    private static let limit = 1 << 20

    let path: String
    private var directory: String

    init(directory: String) {
        self.directory = directory
        path = directory + "/" + SecretKeys.fileName
    }

    /// The keys, the newest last; nil where there is no file.
    /// - Throws: `failedPrecondition` where others than its owner may read or change the file; `dataLoss` where it is damaged. No error shows its content.
    func read() throws(MonoflowError) -> [SealingKey]? {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        if fd < 0 && errno == ENOENT { return nil }
        guard fd >= 0 else { throw Files.failure("read secret keys", path) }
        defer { close(fd) }
        var facts = stat()
        guard fstat(fd, &facts) == 0 else { throw Files.failure("read secret keys", path) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw MonoflowError(.failedPrecondition, "read secret keys", path, "is not a file") }
        guard facts.st_mode & 0o077 == 0 else {
            let mode = String(facts.st_mode & 0o777, radix: 8)
            throw MonoflowError(.failedPrecondition, "read secret keys", path, "its mode \(mode) lets others at the keys", hint: "chmod 600 \(path)")
        }
        return try parse(Files.read(descriptor: fd, path: path, limit: Self.limit))
    }

    private func parse(_ bytes: [UInt8]) throws(MonoflowError) -> [SealingKey] {
        let damaged = MonoflowError(.dataLoss, "read secret keys", path, "the file is damaged", hint: "restore it from a backup")
        // The parser's own error could repeat a part of a key.
        guard let document = try? JSONParser.parse(bytes), document["format"]?.stringValue == Self.format, let items = document["keys"]?.arrayValue, !items.isEmpty
        else { throw damaged }
        var keys: [SealingKey] = []
        for item in items {
            guard let text = item["key"]?.stringValue, let data = Data(base64Encoded: text), let key = SealingKey([UInt8](data)), key.id == item["id"]?.stringValue
            else { throw damaged }
            keys.append(key)
        }
        return keys
    }

    /// Puts the keys in the file's place; they are durable when this returns.
    func write(_ keys: [SealingKey]) throws(MonoflowError) {
        let items = keys.map { key -> JSON in ["id": .string(key.id), "key": .string(Data(key.bytes).base64EncodedString())] }
        let document: JSON = ["format": .string(Self.format), "keys": .array(items)]
        // What an interrupted write left may have another mode, which the new file would keep.
        unlink(path + ".tmp")
        try Files.writeAtomically(Array((document.text() + "\n").utf8), to: path, mode: 0o600)
        try Files.syncDirectory(directory)
    }
}
