import Core
import Foundation
import HTTP

/// Copies a task's log, from the place that the options name to where it ends now; again and again, while the task writes.
struct PodLogReader {
    private static let chunk = 64 << 10
    /// A longer line is cut into several where times are shown.
    private static let longestLine = 1 << 20

    let path: String
    let options: PodLogOptions
    /// The next byte to copy; nil before the first time.
    private var offset: Int64?
    private var sent = 0
    /// A line whose end has not come yet, where times are shown, and its place.
    private var line: [UInt8] = []
    private var lineStart: Int64 = 0
    private var times = LogTimes(marks: [])

    init(path: String, options: PodLogOptions) {
        self.path = path
        self.options = options
    }

    /// As many bytes were sent as were asked for.
    var isFull: Bool { options.limit.map { sent >= $0 } ?? false }

    mutating func copy(to writer: ResponseWriter, isLast: Bool) async throws {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return }
        defer { close(fd) }
        if options.showsTimes || offset == nil && options.since != nil { times = LogTimes(path: path + ".times") }
        var at = offset ?? start(fd), bytes = [UInt8](repeating: 0, count: Self.chunk)
        if offset == nil { lineStart = at }
        while !isFull {
            let count = pread(fd, &bytes, bytes.count, off_t(at))
            guard count > 0 else { break }
            try await send(Array(bytes[..<count]), writer)
            at += Int64(count)
        }
        offset = at
        if isLast, !line.isEmpty { try await flush(writer) }
    }

    private mutating func send(_ bytes: [UInt8], _ writer: ResponseWriter) async throws {
        guard options.showsTimes else { return try await write(bytes, writer) }
        for part in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            if part.offset > 0 {
                line.append(10)
                try await flush(writer)
            }
            line += part.element
            if line.count > Self.longestLine { try await flush(writer) }
        }
    }

    private mutating func flush(_ writer: ResponseWriter) async throws {
        let time = (times.time(at: lineStart) ?? Timestamp(milliseconds: 0)).rfc3339(milliseconds: true)
        let text = line
        lineStart += Int64(line.count)
        line = []
        try await write(Array((time + " ").utf8) + text, writer)
    }

    private mutating func write(_ bytes: [UInt8], _ writer: ResponseWriter) async throws {
        let count = min(bytes.count, options.limit.map { $0 - sent } ?? bytes.count)
        guard count > 0 else { return }
        sent += count
        try await writer.write(count == bytes.count ? bytes : Array(bytes[..<count]))
    }

    // MARK: Where to begin

    private func start(_ fd: Int32) -> Int64 {
        var info = stat()
        guard fstat(fd, &info) == 0 else { return 0 }
        let end = Int64(info.st_size)
        var start: Int64 = 0
        if let since = options.since { start = times.offset(since: since).map { lineStart(fd, before: min($0, end)) } ?? end }
        if let tail = options.tail { start = max(start, tailStart(fd, end: end, lines: tail)) }
        return start
    }

    private func tailStart(_ fd: Int32, end: Int64, lines: Int) -> Int64 {
        if lines == 0 { return end }
        var found = 0, high = end
        while high > 0 {
            let low = max(0, high - Int64(Self.chunk))
            for (index, byte) in read(fd, low..<high).enumerated().reversed() where byte == 10 {
                let place = low + Int64(index)
                // The last line's own end begins no line.
                if place + 1 == end { continue }
                found += 1
                if found == lines { return place + 1 }
            }
            high = low
        }
        return 0
    }

    /// The begin of the line that the byte is in.
    private func lineStart(_ fd: Int32, before place: Int64) -> Int64 {
        var high = place
        while high > 0 {
            let low = max(0, high - Int64(Self.chunk)), bytes = read(fd, low..<high)
            if let index = bytes.lastIndex(of: 10) { return low + Int64(index) + 1 }
            high = low
        }
        return 0
    }

    private func read(_ fd: Int32, _ range: Range<Int64>) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(range.count))
        let count = pread(fd, &bytes, bytes.count, off_t(range.lowerBound))
        return count > 0 ? Array(bytes[..<count]) : []
    }
}

/// When which part of a log was written: pairs of a place and a time in milliseconds, as the task's supervisor keeps them beside the log.
struct LogTimes: Equatable {
    private let marks: [(offset: Int64, time: Int64)]
    private static let limit = 17 << 20

    init(marks: [(offset: Int64, time: Int64)]) { self.marks = marks }

    init(path: String) {
        let bytes = (try? Files.read(path, limit: Self.limit)) ?? []
        marks = bytes.withUnsafeBytes { raw in
            func number(_ place: Int) -> Int64 { raw.loadUnaligned(fromByteOffset: place * 8, as: Int64.self) }
            return (0..<raw.count / 16).map { (number($0 * 2), number($0 * 2 + 1)) }
        }
    }

    static func == (a: LogTimes, b: LogTimes) -> Bool { a.marks.elementsEqual(b.marks) { $0 == $1 } }

    /// When the byte was written; what came before the first mark was written then at the latest.
    func time(at offset: Int64) -> Timestamp? {
        var low = 0, high = marks.count
        while low < high {
            let middle = (low + high) / 2
            if marks[middle].offset <= offset { low = middle + 1 } else { high = middle }
        }
        return marks.isEmpty ? nil : Timestamp(milliseconds: marks[max(low - 1, 0)].time)
    }

    /// The first byte that was written at the time or later; nil where none was.
    func offset(since time: Timestamp) -> Int64? { marks.first { $0.time >= time.milliseconds }?.offset }
}
