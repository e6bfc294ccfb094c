import GRPC

/// Every gRPC service of the server, in one place. Calls carry the same bearer token as requests, in the metadata
/// `authorization`.
public enum GRPCServices {
    /// - Parameter health: told by the server whether it answers; asked without a token.
    /// - Throws: SwiftProtobuf's error for descriptors that cannot be read.
    public static func make(health: GRPCHealth) throws -> GRPCRouter {
        var router = GRPCRouter()
        router.add(health.definition(tags: [Authentication.publicTag, Auditing.readingTag]))
        for reflection in try GRPCReflection(services: router.services, tags: [Auditing.readingTag]).definitions { router.add(reflection) }
        return router
    }
}
