import COpenSSL
import Core

/// OpenSSL's error queue of the calling thread, read right after the call that failed.
enum TLSFailure {
    /// Empties the queue, so that what a later call leaves there is its own.
    @inline(__always)
    static func clear() { if ERR_peek_error() != 0 { ERR_clear_error() } }

    /// The first reason in the queue, e.g. `"certificate verify failed"`, and empties it; nil where it is empty.
    static func reason() -> String? {
        let code = ERR_get_error()
        ERR_clear_error()
        if code == 0 { return nil }
        if let text = ERR_reason_error_string(code) { return String(cString: text) }
        return "OpenSSL error \(code)"
    }

    /// An error of setting TLS up. - Parameter fallback: what is said where OpenSSL says nothing.
    static func error(
        _ operation: String, _ subject: String, _ fallback: String, code: MonoflowError.Code = .invalidArgument, hint: String? = nil
    ) -> MonoflowError {
        let reason = reason().map { "\(fallback): \($0)" } ?? fallback
        return MonoflowError(code, operation, subject, reason, hint: hint)
    }
}
