import Core

enum GRPCDescriptions {
    private static let message: KeyValuePairs<String, JSON> = ["application/grpc": Schema.binary]

    static var group: RouteGroup {
        RouteGroup("gRPC", "Methods of gRPC services, for gRPC clients; what they take and give is told by reflection.") {
            method("/grpc.health.v1.Health/Check", "checkHealth")
            method("/grpc.health.v1.Health/List", "listHealth")
            method("/grpc.health.v1.Health/Watch", "watchHealth")
            method("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "reflect")
            method("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "reflectAlpha")
        }
    }

    private static func method(_ path: String, _ operation: String) -> RouteDescription {
        RouteDescription(
            .post, path, operation, "Framed messages of gRPC.", body: .init(content: message),
            RouteDescription.Answer(status: 200, description: "Framed messages; the call's status is in the trailers.", content: message), failures: [415])
    }
}
