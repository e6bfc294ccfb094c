import CLinux
import Core
import Foundation

/// Serves a folder. The kernel keeps every look-up beneath the root (`openat2`), so neither `..` nor a symbolic link
/// leads out; names that start with a dot are not served.
public struct StaticFiles: Sendable {
    private let root: Directory
    /// Sent with every file; `no-cache` lets the client keep it and ask whether it changed.
    public var cacheControl: String
    public var indexName: String

    private final class Directory: Sendable {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }
    }

    /// - Throws: `notFound` where the folder is missing.
    public init(root path: String, cacheControl: String = "no-cache", indexName: String = "index.html") throws(MonoflowError) {
        let fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard fd >= 0 else { throw Files.failure("serve folder", path) }
        root = Directory(fd)
        self.cacheControl = cacheControl
        self.indexName = indexName
    }

    /// - Parameter path: relative and decoded, e.g. `"js/app.js"`; nil takes the request's path. A folder stands for its index.
    /// - Throws: `notFound` for everything that is not served; `unimplemented` for methods other than GET and HEAD.
    public func respond(to request: HTTPRequest, path: String? = nil) throws(MonoflowError) -> HTTPResponse {
        guard request.method == .get || request.method == .head else {
            throw MonoflowError(.unimplemented, "serve file", request.path, "only GET and HEAD")
        }
        let wanted = path ?? request.path
        var segments = wanted.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        if wanted.hasSuffix("/") || segments.isEmpty { segments.append(indexName) }
        guard segments.allSatisfy({ !$0.hasPrefix(".") }) else { throw missing(wanted) }
        let relative = segments.joined(separator: "/")
        let fd = clinux_openat2(
            root.descriptor, relative, O_RDONLY | O_NONBLOCK, 0, UInt64(CLINUX_RESOLVE_BENEATH | CLINUX_RESOLVE_NO_MAGICLINKS))
        if fd < 0 && errno == ENOSYS {
            throw MonoflowError(.unimplemented, "serve file", wanted, "the kernel has no openat2", hint: "Linux 5.6 or newer is needed")
        }
        guard fd >= 0 else { throw missing(wanted) }
        do throws(MonoflowError) {
            let file = try HTTPFile(descriptor: fd, name: wanted)
            var response = HTTPResponse.file(file, type: MediaTypes.type(ofPath: relative))
            response.headers.add("ETag", file.entityTag)
            response.headers.add("Last-Modified", HTTPDate.text(seconds: file.modified.milliseconds / 1000))
            response.headers.add("Cache-Control", cacheControl)
            response.headers.add("X-Content-Type-Options", "nosniff")
            return response
        } catch { throw missing(wanted) }
    }

    private func missing(_ path: String) -> MonoflowError { MonoflowError(.notFound, "serve file", path, "no such file") }
}
