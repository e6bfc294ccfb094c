import CLinux
import Core
import Foundation

/// Where to listen: `HOST:PORT`, `[IPv6]:PORT`, `:PORT` (every interface) or `unix:PATH`. Port 0 lets the kernel choose.
public enum SocketAddress: Sendable, Hashable, CustomStringConvertible {
    case ip(host: String, port: Int)
    case unix(path: String)

    /// - Throws: `invalidArgument`.
    public init(_ text: String) throws(MonoflowError) {
        func bad(_ why: String) -> MonoflowError {
            MonoflowError(.invalidArgument, "read address", text, why, hint: "give HOST:PORT, [IPv6]:PORT or unix:PATH")
        }
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, path.utf8.count < 108 else { throw bad("a socket's path has 1–107 bytes") }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port) else {
            throw bad("it ends in no port of 0–65535")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() } else if host.contains(":") {
            throw bad("an IPv6 address stands in brackets")
        }
        self = .ip(host: String(host), port: port)
    }

    public var description: String {
        switch self {
        case .ip(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:" + path
        }
    }

    /// 0 for a Unix socket.
    public var port: Int { if case .ip(_, let port) = self { port } else { 0 } }
}

enum SystemAddress {
    /// Whether the text is an IPv4 or IPv6 address without port and brackets.
    static func isNumeric(_ text: String) -> Bool {
        var storage = in6_addr()
        return inet_pton(AF_INET, text, &storage) == 1 || inet_pton(AF_INET6, text, &storage) == 1
    }

    /// Numeric text of a peer's address without port.
    static func text(_ storage: sockaddr_storage) -> String {
        var copy = storage
        return withUnsafePointer(to: &copy) { pointer in
            var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            switch Int32(storage.ss_family) {
            case AF_INET:
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    var raw = address.pointee.sin_addr
                    inet_ntop(AF_INET, &raw, &buffer, socklen_t(buffer.count))
                }
            case AF_INET6:
                pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    var raw = address.pointee.sin6_addr
                    inet_ntop(AF_INET6, &raw, &buffer, socklen_t(buffer.count))
                }
            default: return "unix"
            }
            let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return text.hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text
        }
    }

    /// The port that a bound socket got.
    static func port(_ descriptor: Int32) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { return 0 }
        let family = Int32(storage.ss_family)
        return withUnsafePointer(to: &storage) { pointer in
            switch family {
            case AF_INET: pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
            case AF_INET6: pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin6_port)) }
            default: 0
            }
        }
    }

    /// Whether both ends of a connection are the same socket, as TCP's simultaneous open allows.
    static func isConnectedToItself(_ descriptor: Int32) -> Bool {
        func end(_ read: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) -> [UInt8]? {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let result = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { read(descriptor, $0, &length) }
            }
            return result == 0 ? withUnsafeBytes(of: &storage) { Array($0.prefix(Int(length))) } : nil
        }
        guard let own = end({ getsockname($0, $1, $2) }), let peer = end({ getpeername($0, $1, $2) }) else { return false }
        return own == peer
    }

    /// A bound, listening, non-blocking, close-on-exec socket.
    static func listen(_ address: SocketAddress, backlog: Int32) throws(MonoflowError) -> Int32 {
        switch address {
        case .unix(let path): try listen(unix: path, backlog: backlog)
        case .ip(let host, let port): try listen(host: host, port: port, backlog: backlog)
        }
    }

    private static func failure(_ address: SocketAddress) -> MonoflowError {
        let number = errno
        let code: MonoflowError.Code = number == EADDRINUSE ? .alreadyExists : number == EACCES ? .permissionDenied : .unavailable
        return MonoflowError(code, "listen", address.description, String(cString: strerror(number)))
    }

    private static func listen(host: String, port: Int, backlog: Int32) throws(MonoflowError) -> Int32 {
        let address = SocketAddress.ip(host: host, port: port)
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host.isEmpty || host == "*" ? nil : host, String(port), &hints, &list)
        guard result == 0, let found = list else {
            throw MonoflowError(.invalidArgument, "listen", address.description, String(cString: gai_strerror(result)))
        }
        defer { freeaddrinfo(list) }
        let info = found.pointee
        let fd = socket(info.ai_family, info.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), info.ai_protocol)
        guard fd >= 0 else { throw failure(address) }
        var on: Int32 = 1
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard bind(fd, info.ai_addr, info.ai_addrlen) == 0, Foundation.listen(fd, backlog) == 0 else {
            defer { close(fd) }
            throw failure(address)
        }
        return fd
    }

    private static func listen(unix path: String, backlog: Int32) throws(MonoflowError) -> Int32 {
        let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw failure(.unix(path: path)) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        unlink(path)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard bound == 0, chmod(path, 0o600) == 0, Foundation.listen(fd, backlog) == 0 else {
            defer { close(fd) }
            throw failure(.unix(path: path))
        }
        return fd
    }
}
