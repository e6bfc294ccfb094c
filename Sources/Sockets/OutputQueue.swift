import CLinux
import DequeModule
import Foundation

/// A part of an open file to be sent. `owner` keeps the descriptor open until the part has gone out.
struct FileSegment {
    let owner: AnyObject
    let descriptor: Int32
    var offset: Int64
    var count: Int64
}

/// What waits to be sent on one connection: large arrays as they were handed over, small writes joined in the tail,
/// and parts of files. Not bounded by itself: who writes looks at `bytes`.
struct OutputQueue {
    enum Result {
        /// Everything went out.
        case drained
        /// The kernel takes no more for now.
        case blocked
        /// There is more, and the kernel would take it: go on in another turn.
        case yielded
        /// TLS must receive something before it can send.
        case awaitsReadable
        /// errno of the broken connection; EIO where a file is shorter than announced.
        case failed(Int32)
    }

    enum Segment {
        case bytes([UInt8])
        case file(FileSegment)
    }

    private static let joinLimit = 16 << 10
    static let keptCapacity = 4 << 10
    private static let gather = 32
    private static let fileTurn = 1 << 20
    /// Bytes after which other connections get their turn, where a client takes them as fast as they come.
    private static let sendTurn: Int64 = 4 << 20

    var segments: Deque<Segment> = []
    /// Bytes of the first segment that have gone out.
    var sent = 0
    var tail: [UInt8] = []
    /// Memory that waits; parts of files do not count.
    var bytes = 0
    var files = 0
    /// Every byte ever sent.
    var total: Int64 = 0

    var isEmpty: Bool { segments.isEmpty && tail.isEmpty }

    mutating func append(_ new: [UInt8]) {
        bytes += new.count
        if new.count <= Self.joinLimit { return tail.append(contentsOf: new) }
        seal()
        segments.append(.bytes(new))
    }

    /// Lets the caller write into the tail, without an array in between.
    mutating func append(_ write: (inout [UInt8]) -> Void) {
        let before = tail.count
        write(&tail)
        bytes += tail.count - before
    }

    mutating func append(_ file: FileSegment) {
        if file.count == 0 { return }
        seal()
        files += 1
        segments.append(.file(file))
    }

    mutating func seal() {
        if tail.isEmpty { return }
        segments.append(.bytes(tail))
        tail = []
    }

    /// Sends through a plain socket.
    mutating func send(to socket: Int32) -> Result {
        let start = total
        while true {
            if total - start >= Self.sendTurn && !isEmpty { return .yielded }
            if segments.isEmpty {
                if tail.isEmpty { return .drained }
                let count = tail.withUnsafeBytes { Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if count < 0 { if let result = Self.failure() { return result } else { continue } }
                total += Int64(count)
                bytes -= count
                if count == tail.count {
                    if tail.capacity > Self.keptCapacity { tail = [] } else { tail.removeAll(keepingCapacity: true) }
                    return .drained
                }
                seal()
                sent = count
                return .blocked
            }
            if case .file(var file) = segments[0] {
                let wanted = min(Int(file.count), Self.fileTurn)
                let count = clinux_sendfile(socket, file.descriptor, &file.offset, wanted)
                if count < 0 { if let result = Self.failure() { return result } else { continue } }
                if count == 0 { return .failed(EIO) }
                total += Int64(count)
                file.count -= Int64(count)
                if file.count == 0 {
                    segments.removeFirst()
                    files -= 1
                } else {
                    segments[0] = .file(file)
                }
                continue
            }
            seal()
            let count = sendGathered(to: socket)
            if count < 0 { if let result = Self.failure() { return result } else { continue } }
            advance(count)
        }
    }

    /// `sendmsg` rather than `writev`, because only it can be told not to raise SIGPIPE.
    private func sendGathered(to socket: Int32) -> Int {
        var vectors: [iovec] = []
        vectors.reserveCapacity(Self.gather)
        var index = 0
        var skip = sent
        while index < segments.count, index < Self.gather, case .bytes(let bytes) = segments[index] {
            // The arrays are held by the queue during the call, so their storage stays where it is.
            bytes.withUnsafeBytes { raw in
                vectors.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: raw.baseAddress.map { $0 + skip }), iov_len: raw.count - skip))
            }
            skip = 0
            index += 1
        }
        return vectors.withUnsafeMutableBufferPointer { vectors in
            var message = msghdr()
            message.msg_iov = vectors.baseAddress
            message.msg_iovlen = vectors.count
            return sendmsg(socket, &message, Int32(MSG_NOSIGNAL))
        }
    }

    private mutating func advance(_ count: Int) {
        total += Int64(count)
        bytes -= count
        var rest = count + sent
        while case .bytes(let first)? = segments.first, rest >= first.count {
            rest -= first.count
            segments.removeFirst()
        }
        sent = rest
    }

    /// Nil: interrupted, try again.
    private static func failure() -> Result? {
        let number = errno
        return number == EINTR ? nil : number == EAGAIN ? .blocked : .failed(number)
    }

    mutating func removeAll() {
        let total = total
        self = OutputQueue()
        self.total = total
    }
}
