import Hummingbird
import Logging

// hummingbird-peer PORT HELLO: answers /hello with the text HELLO as JSON, counts uploads, makes downloads.
let arguments = CommandLine.arguments
let port = arguments.count > 1 ? Int(arguments[1]) ?? 0 : 0
let hello = ByteBuffer(string: arguments.count > 2 ? arguments[2] : "{}")

let router = Router()
router.get("/hello") { _, _ in
    Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: hello))
}
router.put("/count") { request, _ in
    var count = 0
    for try await piece in request.body { count += piece.readableBytes }
    return "\(count)"
}
router.get("/bytes/:count") { _, context in
    let count = try context.parameters.require("count", as: Int.self)
    let piece = ByteBuffer(repeating: 120, count: 64 << 10)
    return Response(status: .ok, body: .init(contentLength: count) { writer in
        var left = count
        while left > 0 {
            let next = min(left, piece.readableBytes)
            try await writer.write(next == piece.readableBytes ? piece : ByteBuffer(repeating: 120, count: next))
            left -= next
        }
        try await writer.finish(nil)
    })
}

var logger = Logger(label: "peer")
logger.logLevel = .warning
let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)
try await application.runService()
