import Core

enum SecretDescriptions {
    private static let value: JSON = ["type": "string", "nullable": true]

    static var group: RouteGroup {
        RouteGroup("Secrets", "Secrets that are written and never read, and the keys that seal them.") {
            RouteGroup.Component("SecretSummary", Schema.object(
                ["name": Schema.text, "type": Schema.text, "keys": Schema.list(Schema.text), "created_at": Schema.time], optional: ["immutable": Schema.flag]))
            RouteGroup.Component("SecretPage", Schema.object(["secrets": Schema.list("SecretSummary")], optional: ["next": Schema.text]))
            RouteGroup.Component("SecretRequest", Schema.object(
                ["name": Schema.text, "values": Schema.map(value)], optional: ["type": Schema.text]))
            RouteGroup.Component("SecretValuesRequest", Schema.object(["values": Schema.map(value)]))
            RouteGroup.Component("RotationRequest", Schema.object([:], optional: ["resume": Schema.flag]))
            RouteGroup.Component("Rotation", Schema.object([
                "keys": Schema.list(Schema.text), "resealed": Schema.integer, "dropped": Schema.list(Schema.text),
            ]))
        } routes: {
            RouteDescription(
                .get, "/api/namespaces/{name}/secrets", "listSecrets", "Names and keys, for editors.", query: [
                    .integer("limit", 1...500, "At most so many; 100 where left out."), .text("after", "Those after this name."),
                ], .json("SecretPage"))
            RouteDescription(
                .post, "/api/namespaces/{name}/secrets", "createSecret", "Makes a secret. For editors.", body: .json("SecretRequest"),
                .json("SecretSummary", 201), failures: [409, 415])
            RouteDescription(
                .patch, "/api/namespaces/{name}/secrets/{secret}", "updateSecret", "Writes values; null takes a key away. For editors.",
                body: .json("SecretValuesRequest"), .json("SecretSummary"), failures: [409, 415])
            RouteDescription(.delete, "/api/namespaces/{name}/secrets/{secret}", "deleteSecret", "Deletes a secret. For editors.", .noContent, failures: [409])
            RouteDescription(
                .post, "/api/secret-keys/rotate", "rotateSecretKeys", "Seals all secrets with a new key. For administrators.",
                body: RouteDescription.Body(content: ["application/json": Schema.ref("RotationRequest")], isRequired: false), .json("Rotation"),
                failures: [409, 415])
        }
    }
}
