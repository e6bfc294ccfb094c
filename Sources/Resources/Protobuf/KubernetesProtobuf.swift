import Core

/// Reads `application/vnd.kubernetes.protobuf`: `k8s` and a zero byte, then the message `runtime.Unknown` with the object's own message within.
/// Only the kinds that `kubectl create` sends so are known.
public enum KubernetesProtobuf {
    public static let mediaType = "application/vnd.kubernetes.protobuf"

    private static let magic: [UInt8] = [0x6b, 0x38, 0x73, 0x00]

    /// The document that the bytes stand for, `apiVersion` and `kind` first. Bytes are base64 text, times are RFC 3339.
    /// - Throws: `invalidArgument` where the bytes are no such message; `unsupportedMediaType` for a kind that is not known.
    public static func object(_ bytes: [UInt8]) throws(MonoflowError) -> JSON {
        let envelope = try Envelope(bytes)
        guard let shape = shape(envelope) else {
            throw MonoflowError(
                .unsupportedMediaType, "decode protobuf", "\(envelope.apiVersion) \(envelope.kind)", "this kind is not read as protobuf",
                hint: "send application/json")
        }
        return try document(envelope, shape)
    }

    /// DeleteOptions of any group, whose version of the message all share.
    /// - Throws: as `object`.
    public static func deleteOptions(_ bytes: [UInt8]) throws(MonoflowError) -> JSON {
        let envelope = try Envelope(bytes)
        guard envelope.kind.isEmpty || envelope.kind == "DeleteOptions" else {
            throw MonoflowError(.invalidArgument, "decode protobuf", "\(envelope.apiVersion) \(envelope.kind)", "expected DeleteOptions")
        }
        return try document(envelope, .deleteOptions)
    }

    private static func shape(_ envelope: Envelope) -> MessageShape? {
        switch (envelope.apiVersion, envelope.kind) {
        case ("v1", "Namespace"): .namespace
        case ("v1", "ConfigMap"): .configMap
        case ("v1", "Secret"): .secret
        case ("v1", "Pod"): .pod
        case ("batch/v1", "Job"): .job
        case ("batch/v1", "CronJob"): .cronJob
        case ("v1", "ServiceAccount"): .serviceAccount
        case ("v1", "ResourceQuota"): .resourceQuota
        case ("rbac.authorization.k8s.io/v1", "RoleBinding"): .roleBinding
        case ("authentication.k8s.io/v1", "TokenRequest"): .tokenRequest
        case ("authorization.k8s.io/v1", "SelfSubjectAccessReview"): .accessReview
        case ("authorization.k8s.io/v1", "SelfSubjectRulesReview"): .rulesReview
        case (_, "DeleteOptions"): .deleteOptions
        default: nil
        }
    }

    private static func document(_ envelope: Envelope, _ shape: MessageShape) throws(MonoflowError) -> JSON {
        var decoder = MessageDecoder()
        var document: JSONObject = ["apiVersion": .string(envelope.apiVersion), "kind": .string(envelope.kind)]
        document.merge(try decoder.object(envelope.raw, shape)) { own, _ in own }
        return .object(document)
    }

    /// `runtime.Unknown`.
    private struct Envelope {
        var apiVersion = ""
        var kind = ""
        let raw: ArraySlice<UInt8>

        init(_ bytes: [UInt8]) throws(MonoflowError) {
            guard bytes.starts(with: magic) else { throw WireReader.error("the body does not begin with k8s and a zero byte") }
            var reader = WireReader(bytes.dropFirst(magic.count)), types: JSONObject = [:], encoding = "", contentType = ""
            var content: ArraySlice<UInt8>?
            while let field = try reader.next() {
                guard case .bytes(let bytes) = field.value else { continue }
                switch field.number {
                case 1:
                    var decoder = MessageDecoder()
                    types = try decoder.object(bytes, MessageShape([1: .init("apiVersion", .string), 2: .init("kind", .string)]))
                case 2: content = bytes
                case 3: encoding = String(decoding: bytes, as: UTF8.self)
                case 4: contentType = String(decoding: bytes, as: UTF8.self)
                default: continue
                }
            }
            guard let content else { throw WireReader.error("the message has no content") }
            raw = content
            apiVersion = types["apiVersion"]?.stringValue ?? ""
            kind = types["kind"]?.stringValue ?? ""
            guard encoding.isEmpty, contentType.isEmpty || contentType == KubernetesProtobuf.mediaType else {
                let subject = [contentType, encoding].filter { !$0.isEmpty }.joined(separator: " ")
                throw MonoflowError(.unsupportedMediaType, "decode protobuf", subject, "the content within the message is not plain protobuf")
            }
        }
    }
}
