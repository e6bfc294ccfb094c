import Core

/// Kinds of `coordination.k8s.io`, by which controllers agree who leads.
enum CoordinationKinds {
    static let lease = KindDefinition(
        group: "coordination.k8s.io", kind: "Lease", plural: "leases",
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource([
                "spec": .object([
                    "holderIdentity": .string("Who holds the lease."),
                    "leaseDurationSeconds": .integer("How long it holds after `renewTime`.", minimum: 1),
                    "acquireTime": .time("When its holder got it."),
                    "renewTime": .time("When its holder last renewed it."),
                    "leaseTransitions": .integer("How often it changed hands.", minimum: 0),
                    "strategy": .string("How the leader is chosen."),
                    "preferredHolder": .string("Who ought to hold it next."),
                ], "The desired state."),
            ], "A claim to lead that runs out."),
            columns: [.name, PrinterColumn("Holder", .string, ".spec.holderIdentity"), .age])])
}
