import Foundation

/// The credentials of HTTP's scheme `Basic` (RFC 7617, section 2).
enum BasicCredentials {
    static func encode(_ user: String, _ password: String) -> String { Data("\(user):\(password)".utf8).base64EncodedString() }
}
