import Core
import HTTP
import Resources

/// Changing the keys that secrets are sealed with at rest.
struct SecretKeyRoutes: Sendable {
    let resources: ResourceService

    func add(to router: inout Router) {
        router.on(.post, "/api/secret-keys/rotate") { request in
            try request.caller().requireAdmin("rotate secret keys")
            let bytes = try await request.body.collect(limit: 64 << 10)
            let resumes = bytes.isEmpty ? false : try JSONParser.parse(bytes)["resume"]?.boolValue ?? false
            // The key is durable before it seals. What a crash leaves sealed with an older key stays readable: that one is dropped only
            // when nothing is sealed with it, and the next call, with or without a new key, goes on.
            if !resumes { _ = try resources.rotateSecretKeys() }
            let count = try await resources.resealSecrets()
            let dropped = try await resources.dropUnusedSecretKeys()
            let keys = try resources.secretKeyIDs()
            return .json(["keys": .array(keys.map { .string($0) }), "resealed": .int(Int64(count)), "dropped": .array(dropped.map { .string($0) })])
        }
    }
}
