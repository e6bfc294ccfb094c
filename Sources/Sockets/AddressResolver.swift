import CLinux
import Core
import DequeModule
import Dispatch
import Foundation
import Synchronization

/// An address in the kernel's form.
struct ResolvedAddress: Sendable {
    var storage: sockaddr_storage
    var length: socklen_t

    var family: Int32 { Int32(storage.ss_family) }

    init(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        storage = sockaddr_storage()
        self.length = min(length, socklen_t(MemoryLayout<sockaddr_storage>.size))
        withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(self.length))) }
    }

    init(unix path: String) {
        storage = sockaddr_storage()
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
        withUnsafeMutableBytes(of: &storage) { raw in
            raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
            UnsafeMutableRawBufferPointer(rebasing: raw[offset..<(offset + 107)]).copyBytes(from: path.utf8.prefix(107))
        }
    }

    func withPointer<T>(_ body: (UnsafePointer<sockaddr>) -> T) -> T {
        withUnsafePointer(to: storage) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) } }
    }
}

/// Turns host names into addresses. The system's resolver blocks and cannot be interrupted, so look-ups run on threads
/// of their own, a few at once; numeric addresses need none. (The threads of a concurrent queue would be shared with Swift's
/// tasks.)
public final class AddressResolver: Sendable {
    private typealias Lookup = @Sendable () -> Void
    /// What the system's resolver does; it blocks.
    typealias Blocking = @Sendable (_ host: String, _ port: Int) throws -> [ResolvedAddress]

    private struct State {
        /// Queues that have nothing to do.
        var free: [DispatchQueue]
        var waiting: Deque<Lookup> = []
    }

    private let capacity: Int
    private let blocking: Blocking
    private let state: Mutex<State>

    /// - Parameters:
    ///   - atOnce: look-ups that run, each on a thread.
    ///   - capacity: look-ups that wait; more are refused.
    public convenience init(atOnce: Int = 4, capacity: Int = 256) {
        self.init(atOnce: atOnce, capacity: capacity) { try Self.lookUp($0, $1, flags: AI_NUMERICSERV) }
    }

    init(atOnce: Int, capacity: Int, blocking: @escaping Blocking) {
        self.capacity = max(0, capacity)
        self.blocking = blocking
        state = Mutex(State(free: (0..<max(1, atOnce)).map { DispatchQueue(label: "monoflow.resolver.\($0)", qos: .userInitiated) }))
    }

    /// - Returns: at least one address, in the system's order of preference.
    /// - Throws: `unavailable` for a name that is not known, `resourceExhausted` where too many look-ups wait,
    ///   `deadlineExceeded`.
    func addresses(host: String, port: Int, limit: Duration) async throws -> [ResolvedAddress] {
        if let numeric = try? Self.lookUp(host, port, flags: AI_NUMERICHOST | AI_NUMERICSERV) { return numeric }
        let found = Promise<[ResolvedAddress]>()
        let isAccepted = submit {
            if found.isFulfilled { return }
            found.fulfil(Result { try self.blocking(host, port) })
        }
        guard isAccepted else {
            throw MonoflowError(.resourceExhausted, "look up address", host, "\(capacity) look-ups are waiting already")
        }
        return try await found.value(
            within: limit, else: MonoflowError(.deadlineExceeded, "look up address", host, "no answer within \(limit)"))
    }

    /// - Returns: false where too many wait.
    private func submit(_ lookup: @escaping Lookup) -> Bool {
        let (isAccepted, queue) = state.withLock { state -> (Bool, DispatchQueue?) in
            if let queue = state.free.popLast() { return (true, queue) }
            if state.waiting.count >= capacity { return (false, nil) }
            state.waiting.append(lookup)
            return (true, nil)
        }
        if let queue { queue.async { self.run(lookup, on: queue) } }
        return isAccepted
    }

    private func run(_ first: @escaping Lookup, on queue: DispatchQueue) {
        var next: Lookup? = first
        while let lookup = next {
            lookup()
            next = state.withLock { state in
                if state.waiting.isEmpty { state.free.append(queue) }
                return state.waiting.popFirst()
            }
        }
    }

    static func lookUp(_ host: String, _ port: Int, flags: Int32) throws(MonoflowError) -> [ResolvedAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = flags
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        defer { if list != nil { freeaddrinfo(list) } }
        guard result == 0 else {
            throw MonoflowError(.unavailable, "look up address", host, String(cString: gai_strerror(result)))
        }
        var found: [ResolvedAddress] = []
        var entry = list
        while let info = entry?.pointee {
            if let address = info.ai_addr { found.append(ResolvedAddress(address, length: info.ai_addrlen)) }
            entry = info.ai_next
        }
        guard !found.isEmpty else { throw MonoflowError(.unavailable, "look up address", host, "the name has no address") }
        return found
    }
}
