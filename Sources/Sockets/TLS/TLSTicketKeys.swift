import COpenSSL
import Core
import Synchronization

/// The keys that session tickets are sealed with. A ticket lets a client come back without the certificate's part of the
/// handshake; whoever has its key can read what the session's key was made from, hence the keys change and are only in memory.
///
/// Shared by the contexts that follow each other, so that tickets outlive a reload.
public final class TLSTicketKeys: Sendable {
    /// How long new tickets are sealed with one key.
    static let rotation = Duration.seconds(12 * 3600)
    /// Keys that open tickets: the present one and those before it. So a ticket lives for 24 hours at least.
    static let kept = 3
    /// What clients are told a ticket's life is, in seconds.
    static let lifetime = 24 * 3600

    struct Key: Sendable {
        let name = Hashing.randomBytes(16)
        let cipher = Hashing.randomBytes(32)
        let mac = Hashing.randomBytes(32)
        let made: Int64
    }

    private let keys = Mutex<[Key]>([])
    private let now: @Sendable () -> Int64

    public convenience init() { self.init(now: LoopClock.now) }

    /// - Parameter now: milliseconds that only go forward.
    init(now: @escaping @Sendable () -> Int64) { self.now = now }

    /// The key for a new ticket.
    func current() -> Key {
        let time = now()
        return keys.withLock { keys in
            if let first = keys.first, time - first.made < Self.rotation.milliseconds { return first }
            let key = Key(made: time)
            keys.insert(key, at: 0)
            if keys.count > Self.kept { keys.removeLast() }
            return key
        }
    }

    /// The key of that name where it still counts.
    func find(_ name: UnsafeBufferPointer<UInt8>) -> Key? {
        let oldest = now() - Self.rotation.milliseconds * Int64(Self.kept)
        return keys.withLock { keys in keys.first { $0.made > oldest && $0.name.elementsEqual(name) } }
    }

    /// OpenSSL's callback: names and sets the key of a ticket that is made, or finds that of one that has come.
    /// - Returns: 1 go on; 2 go on and give a new ticket; 0 unknown, a full handshake follows; -1 failure.
    func prepare(
        name: UnsafeMutablePointer<UInt8>, iv: UnsafeMutablePointer<UInt8>, cipher: OpaquePointer?, mac: OpaquePointer?, sealing: Bool
    ) -> Int32 {
        if sealing {
            let key = current()
            guard RAND_bytes(iv, 16) == 1 else { return -1 }
            for (index, byte) in key.name.enumerated() { name[index] = byte }
            let isSet = EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, iv) == 1
            return isSet && copenssl_ticket_mac(mac, key.mac, key.mac.count) == 1 ? 1 : -1
        }
        guard let key = find(UnsafeBufferPointer(start: name, count: 16)) else { return 0 }
        let isSet = EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, iv) == 1
        guard isSet, copenssl_ticket_mac(mac, key.mac, key.mac.count) == 1 else { return -1 }
        return key.name == current().name ? 1 : 2
    }
}
