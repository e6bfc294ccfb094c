import SwiftProtobuf

/// `grpc.reflection.v1.ServerReflection` and its older twin `v1alpha`, whose messages are the same on the wire: what the
/// server's services are, for clients that were built without their definitions.
public struct GRPCReflection: Sendable {
    /// Both versions; add them to the router beside the services that they tell of.
    public let definitions: [GRPCServiceDefinition]

    /// - Parameters:
    ///   - services: what is told. Those without descriptors are listed only.
    ///   - tags: of the routes.
    /// - Throws: SwiftProtobuf's error for descriptors that cannot be read.
    public init(services: [GRPCServiceDefinition], tags: Set<String> = []) throws {
        let names = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]
        let listed = (services.map(\.name) + names).sorted()
        let index = try DescriptorIndex(services.compactMap(\.descriptors) + [reflectionDescriptors])
        definitions = names.map { name in
            var definition = GRPCServiceDefinition(name, descriptors: reflectionDescriptors)
            definition.tags = tags
            definition.bidirectional("ServerReflectionInfo") {
                (requests: GRPCMessages<Grpc_Reflection_V1_ServerReflectionRequest>,
                 responses: GRPCResponses<Grpc_Reflection_V1_ServerReflectionResponse>, _) in
                for try await request in requests { try await responses.send(Self.answer(request, listed, index)) }
            }
            return definition
        }
    }

    static func answer(
        _ request: Grpc_Reflection_V1_ServerReflectionRequest, _ services: [String], _ index: DescriptorIndex
    ) -> Grpc_Reflection_V1_ServerReflectionResponse {
        var response = Grpc_Reflection_V1_ServerReflectionResponse()
        response.validHost = request.host
        response.originalRequest = request
        func fail(_ code: GRPCCode, _ message: String) {
            response.errorResponse = .with {
                $0.errorCode = Int32(code.rawValue)
                $0.errorMessage = message
            }
        }
        func tell(_ files: [[UInt8]]?, _ what: String) {
            guard let files else { return fail(.notFound, "\(what) is not known") }
            response.fileDescriptorResponse.fileDescriptorProto = files.map { .init($0) }
        }
        switch request.messageRequest {
        case .listServices: response.listServicesResponse.service = services.map { name in .with { $0.name = name } }
        case .fileByFilename(let name): tell(index.file(named: name), "file \(name)")
        case .fileContainingSymbol(let symbol): tell(index.file(declaring: symbol), "symbol \(symbol)")
        case .fileContainingExtension(let wanted):
            let (type, number) = (wanted.containingType, wanted.extensionNumber)
            tell(index.file(extending: type, number: number), "extension \(number) of \(type)")
        case .allExtensionNumbersOfType(let type):
            guard index.knows(type) else {
                fail(.notFound, "message \(type) is not known")
                break
            }
            response.allExtensionNumbersResponse = .with {
                $0.baseTypeName = type
                $0.extensionNumber = index.extensionNumbers(of: type)
            }
        case nil: fail(.invalidArgument, "the request asks nothing")
        }
        return response
    }
}
