import Access
import Core
import Resources

/// Who may create which profile: admins any; owners of a namespace without profile that of their namespace, for themselves; and where self-registration is
/// on, every user one for itself, as on Kubeflow's registration page.
public struct ProfileRegistration: Sendable {
    public static let kind = ProfileRules.kind

    public var isSelfServed: Bool
    let resources: ResourceService

    public init(isSelfServed: Bool = false, resources: ResourceService) {
        self.isSelfServed = isSelfServed
        self.resources = resources
    }

    /// - Parameter body: the profile to be created.
    /// - Throws: `permissionDenied`; whether a namespace of others exists is not told.
    public func check(_ caller: Principal, _ body: JSON) async throws(MonoflowError) {
        if caller.isAdmin { return }
        let name = body.name, owner = ProfileRules.owner(body)
        func refuse(_ message: String) -> MonoflowError {
            MonoflowError(.permissionDenied, "create profile", name, message, hint: "an admin can create it")
        }
        guard case .user = caller.kind, caller.token?.scope.isUnlimited != false else { throw refuse("only users themselves create profiles") }
        guard owner == .user(caller.user) else { throw refuse("\(caller.user) may create a profile for itself only") }
        if caller.role(in: name) == .owner { return }
        guard isSelfServed else { throw refuse("\(caller.user) is no admin") }
        let (isTaken, owned) = try await resources.snapshot { [resources] db in
            let profiles = try resources.documents(db, kind: ProfileRules.kind, namespace: "")
            let isTaken = try ResourceStore.find(db, ResourceKey(kind: NamespaceRules.kind, namespace: "", name: name)) != nil
            return (isTaken, profiles.first { ProfileRules.owner($0) == .user(caller.user) }?.name)
        }
        if let owned { throw refuse("\(caller.user) owns the profile \(owned) already") }
        if isTaken { throw refuse("the name is taken") }
    }
}
