import Foundation
import Sockets

/// A request on a stream of HTTP/2, and the body of its response on the way out.
final class HTTP2Stream: Exchange {
    /// What is still to be sent as DATA.
    enum Outgoing {
        case none
        case bytes([UInt8], at: Int)
        case file(HTTPFile, Range<Int64>)
        /// Written by the handler's task.
        case pieces(PieceQueue, isWhole: Bool)
    }

    let id: Int32
    var outgoing = Outgoing.none
    var trailers: HTTPHeaders?
    /// What came behind the request's body.
    var trailersIn = HTTPHeaders()
    /// The client's side: everything has come.
    var requestEnded: Bool
    var responseEnded = false
    /// The client sends the body only when it is told to.
    var awaitsContinue = false
    /// The session waits for `resume`.
    var isDeferred = false
    /// Bytes of body taken from the client, and of those the ones whose window has not been given back.
    var received: Int64 = 0
    var withheld = 0
    var sent: Int64 = 0
    /// The loop's clock when something last came from the client, or went out to it.
    var activeIn = LoopClock.now()
    var activeOut = LoopClock.now()

    init(_ id: Int32, _ request: HTTPRequest, handler: HTTPHandler?, requestEnded: Bool) {
        self.id = id
        self.requestEnded = requestEnded
        super.init(request, handler: handler)
    }

    /// Bytes in memory that wait to be sent.
    var queued: Int { if case .pieces(let pieces, _) = outgoing { pieces.count } else { 0 } }

    var hasOutput: Bool { status != nil && !responseEnded && !isDeferred }

    func supply(limit: Int) -> HTTP2Supply {
        switch outgoing {
        case .none: return .bytes(0, isLast: true, hasTrailers: false)
        case .bytes(let bytes, let at):
            let count = min(limit, bytes.count - at)
            return .bytes(count, isLast: at + count == bytes.count, hasTrailers: false)
        case .file(_, let rest):
            let count = min(Int64(limit), rest.upperBound - rest.lowerBound)
            return .bytes(Int(count), isLast: rest.lowerBound + count == rest.upperBound, hasTrailers: false)
        case .pieces(let pieces, let isWhole):
            let waiting = pieces.count
            if waiting == 0 && !isWhole {
                isDeferred = true
                return .later
            }
            let count = min(limit, waiting)
            return .bytes(count, isLast: isWhole && count == waiting, hasTrailers: trailers.map { !$0.isEmpty } ?? false)
        }
    }

    /// Appends `count` bytes of the body. - Returns: false where a file has become shorter than announced.
    func take(_ count: Int, into out: inout [UInt8]) -> Bool {
        activeOut = LoopClock.now()
        switch outgoing {
        case .none: return count == 0
        case .bytes(let bytes, let at):
            out.append(contentsOf: bytes[at..<at + count])
            outgoing = .bytes(bytes, at: at + count)
            return true
        case .file(let file, let rest):
            let chunk = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                while filled < count {
                    let got = pread(file.descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(rest.lowerBound) + filled)
                    if got < 0 && errno == EINTR { continue }
                    if got <= 0 { break }
                    filled += got
                }
            }
            out.append(contentsOf: chunk)
            outgoing = .file(file, rest.lowerBound + Int64(count)..<rest.upperBound)
            return chunk.count == count
        case .pieces(var pieces, let isWhole):
            outgoing = .none
            pieces.take(count, into: &out)
            outgoing = .pieces(pieces, isWhole: isWhole)
            return true
        }
    }
}
