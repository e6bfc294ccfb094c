import CLinux
import Core
import Foundation

/// Serves a folder. The kernel keeps every look-up beneath the root (`openat2`), so neither `..` nor a symbolic link
/// leads out; names that start with a dot are not served.
///
/// Clients that take gzip get text compressed: `NAME.gz` beside the file where it is there and not older, else a form
/// made at the first request and kept in memory. Each form has an entity tag of its own. Ranges are of the file as it is.
public struct StaticFiles: Sendable {
    private let root: Directory
    /// Sent with every file; `no-cache` lets the client keep it and ask whether it changed.
    public var cacheControl: String
    public var indexName: String
    private let codedFiles = CodedFileCache()

    private final class Directory: Sendable {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }
    }

    /// - Throws: `notFound` where the folder is missing.
    public init(root path: String, cacheControl: String = "no-cache", indexName: String = "index.html") throws(MonoflowError) {
        let fd = Foundation.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
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
        guard let file = try open(relative, wanted) else { throw missing(wanted) }
        let type = MediaTypes.type(ofPath: relative)
        var response = HTTPResponse.file(file, type: type)
        response.headers.add("ETag", file.entityTag)
        response.headers.add("Last-Modified", HTTPDate.text(seconds: file.modified.milliseconds / 1000))
        response.headers.add("Cache-Control", cacheControl)
        response.headers.add("X-Content-Type-Options", "nosniff")
        if CompressibleTypes.contains(type) {
            response.headers.add("Vary", "Accept-Encoding")
            try compress(&response, file, relative, for: request)
        }
        return response
    }

    /// - Returns: nil for everything that is not served.
    private func open(_ relative: String, _ wanted: String) throws(MonoflowError) -> HTTPFile? {
        let fd = clinux_openat2(
            root.descriptor, relative, O_RDONLY | O_NONBLOCK, 0, UInt64(CLINUX_RESOLVE_BENEATH | CLINUX_RESOLVE_NO_MAGICLINKS))
        if fd < 0 && errno == ENOSYS {
            throw MonoflowError(.unimplemented, "serve file", wanted, "the kernel has no openat2", hint: "Linux 5.6 or newer is needed")
        }
        return fd < 0 ? nil : try? HTTPFile(descriptor: fd, name: wanted)
    }

    private func compress(_ response: inout HTTPResponse, _ file: HTTPFile, _ relative: String, for request: HTTPRequest) throws(MonoflowError) {
        guard request.headers.contains("Accept-Encoding"), AcceptEncoding(request.headers).choice == .gzip, !request.headers.contains("Range")
        else { return }
        var tag = file.entityTag
        if let coded = try open(relative + ".gz", relative), coded.modified >= file.modified {
            response.body = .file(coded)
            tag = coded.entityTag
        } else if let coded = codedFiles.gzip(of: file, path: relative) {
            response.body = .bytes(coded)
        } else {
            return
        }
        response.headers["ETag"] = tag.dropLast() + "-gzip\""
        response.headers.add("Content-Encoding", ContentCoding.gzip.name)
    }

    private func missing(_ path: String) -> MonoflowError { MonoflowError(.notFound, "serve file", path, "no such file") }
}
