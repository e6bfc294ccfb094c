import CNGHTTP2
import Sockets

/// Bounds what a client makes the server do without asking for anything: frames that carry neither a request nor a body. Each
/// connection has a budget of them that fills again slowly, and faster with useful work.
struct HTTP2FloodGuard {
    private static let burst = 2_000.0
    /// Frames a second that are always free.
    private static let rate = 50.0
    private static let perUsefulFrame = 4.0

    private var budget = burst
    private var since = LoopClock.now()
    private(set) var excess: String?

    mutating func useful() { budget = min(Self.burst, budget + Self.perUsefulFrame) }

    mutating func frame(type: UInt8, length: Int) {
        let name: String
        switch UInt32(type) {
        case NGHTTP2_PING.rawValue: name = "PING frames"
        case NGHTTP2_SETTINGS.rawValue: name = "SETTINGS frames"
        case NGHTTP2_PRIORITY.rawValue: name = "PRIORITY frames"
        case NGHTTP2_RST_STREAM.rawValue: name = "streams reset"
        case NGHTTP2_WINDOW_UPDATE.rawValue: name = "WINDOW_UPDATE frames"
        case NGHTTP2_DATA.rawValue where length == 0: name = "empty DATA frames"
        case NGHTTP2_HEADERS.rawValue, NGHTTP2_DATA.rawValue, NGHTTP2_GOAWAY.rawValue: return
        default: name = "unknown frames"
        }
        let now = LoopClock.now()
        budget = min(Self.burst, budget + Double(now - since) / 1000 * Self.rate)
        since = now
        budget -= UInt32(type) == NGHTTP2_RST_STREAM.rawValue ? 5 : 1
        if budget < 0 { excess = name }
    }
}
