import Foundation

// Sending under TLS: what is queued becomes records. Small pieces are gathered, large arrays are taken where they are,
// files are read piece by piece. A write that found no room is repeated from the queue, which still begins with the same
// bytes: that is what OpenSSL asks for.
extension OutputQueue {
    /// Plain bytes of one record at most.
    private static let recordSize = 16 << 10
    static let stagingSize = 4 * recordSize
    /// Bytes after which other connections get their turn. Less than on a plain socket, because encryption takes time.
    private static let recordTurn: Int64 = 1 << 20

    /// - Parameter staging: `stagingSize` bytes of scratch memory.
    mutating func send(through session: TLSSession, staging: UnsafeMutableRawBufferPointer) -> Result {
        let start = total
        while !isEmpty {
            if total - start >= Self.recordTurn { return .yielded }
            if segments.isEmpty && tail.count <= Self.recordSize {
                // The usual answer: one record, and the tail's memory stays for the next.
                let outcome = tail.withUnsafeBytes { session.write($0) }
                guard case .done(let count) = outcome, count == tail.count else {
                    if let result = take(outcome, session) { return result }
                    continue
                }
                total += Int64(count)
                bytes -= count
                if tail.capacity > Self.keptCapacity { tail = [] } else { tail.removeAll(keepingCapacity: true) }
                return .drained
            }
            seal()
            if let result = sendFirst(session, staging) { return result }
        }
        return .drained
    }

    /// Sends from the front of the segments. - Returns: nil to go on.
    private mutating func sendFirst(_ session: TLSSession, _ staging: UnsafeMutableRawBufferPointer) -> Result? {
        if case .bytes(let first) = segments[0], first.count - sent >= Self.recordSize {
            let range = sent..<(sent + Self.recordSize)
            return take(first.withUnsafeBytes { session.write(UnsafeRawBufferPointer(rebasing: $0[range])) }, session)
        }
        let staged: Int
        do throws(ReadFailure) { staged = try stage(into: staging) } catch { return .failed(error.number) }
        var at = 0
        while at < staged {
            let before = total
            let record = UnsafeRawBufferPointer(rebasing: staging[at..<min(at + Self.recordSize, staged)])
            if let result = take(session.write(record), session) { return result }
            at += Int(total - before)
        }
        return nil
    }

    private struct ReadFailure: Error { let number: Int32 }

    /// Copies the front of the segments: one record's worth, more only of a file. - Returns: how many bytes, at least 1.
    private func stage(into buffer: UnsafeMutableRawBufferPointer) throws(ReadFailure) -> Int {
        var (filled, skip) = (0, sent)
        for segment in segments {
            switch segment {
            case .bytes(let bytes):
                let count = min(bytes.count - skip, Self.recordSize - filled)
                if count <= 0 { return filled }
                bytes.withUnsafeBytes { buffer[filled...].copyBytes(from: $0[skip..<(skip + count)]) }
                filled += count
            case .file(let file):
                let end = filled + Int(min(file.count, Int64(buffer.count - filled)))
                var offset = off_t(file.offset)
                while filled < end {
                    let count = pread(file.descriptor, buffer.baseAddress.map { $0 + filled }, end - filled, offset)
                    if count < 0 && errno == EINTR { continue }
                    // A file that has become shorter than announced has no next byte.
                    if count <= 0 { throw ReadFailure(number: count == 0 ? EIO : errno) }
                    filled += count
                    offset += count
                }
            }
            skip = 0
            if filled >= Self.recordSize { break }
        }
        return filled
    }

    /// Takes off the queue what a write has taken. - Returns: nil where it took something.
    private mutating func take(_ outcome: TLSSession.Outcome, _ session: TLSSession) -> Result? {
        switch outcome {
        case .done(let count):
            seal()
            consume(count)
            return nil
        case .wantsWrite: return .blocked
        case .wantsRead:
            session.writeAwaitsReadable = true
            return .awaitsReadable
        case .ended, .failed: return .failed(session.writeError != 0 ? session.writeError : session.errorNumber != 0 ? session.errorNumber : EPIPE)
        }
    }

    private mutating func consume(_ count: Int) {
        total += Int64(count)
        var rest = count
        while rest > 0, let first = segments.first {
            switch first {
            case .bytes(let array):
                let taken = min(rest, array.count - sent)
                rest -= taken
                bytes -= taken
                sent += taken
                if sent < array.count { return }
                sent = 0
                segments.removeFirst()
            case .file(var file):
                let taken = min(Int64(rest), file.count)
                rest -= Int(taken)
                file.offset += taken
                file.count -= taken
                if file.count > 0 {
                    segments[0] = .file(file)
                    return
                }
                files -= 1
                segments.removeFirst()
            }
        }
    }
}
