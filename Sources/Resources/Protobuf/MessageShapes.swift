/// The messages that are read. Field numbers are those of Kubernetes' `generated.proto` files: `k8s.io/apimachinery/pkg/apis/meta/v1` and
/// `k8s.io/api/core/v1`.
extension MessageShape {
    static let objectMeta = MessageShape([
        1: Member("name", .string),
        2: Member("generateName", .string),
        3: Member("namespace", .string),
        4: Member("selfLink", .string),
        5: Member("uid", .string),
        6: Member("resourceVersion", .string),
        7: Member("generation", .int),
        8: Member("creationTimestamp", .time),
        9: Member("deletionTimestamp", .time),
        10: Member("deletionGracePeriodSeconds", .int, keepsEmpty: true),
        11: Member("labels", .map(.string)),
        12: Member("annotations", .map(.string)),
        13: Member("ownerReferences", .list(.message(ownerReference))),
        14: Member("finalizers", .list(.string)),
        17: Member("managedFields", .list(.message(managedFields))),
    ])

    private static let ownerReference = MessageShape([
        1: Member("kind", .string, keepsEmpty: true),
        3: Member("name", .string, keepsEmpty: true),
        4: Member("uid", .string, keepsEmpty: true),
        5: Member("apiVersion", .string, keepsEmpty: true),
        6: Member("controller", .bool, keepsEmpty: true),
        7: Member("blockOwnerDeletion", .bool, keepsEmpty: true),
    ])

    private static let managedFields = MessageShape([
        1: Member("manager", .string),
        2: Member("operation", .string),
        3: Member("apiVersion", .string),
        4: Member("time", .time),
        6: Member("fieldsType", .string),
        7: Member("fieldsV1", .embedded),
        8: Member("subresource", .string),
    ])

    static let namespace = MessageShape([
        1: Member("metadata", .message(objectMeta)),
        2: Member("spec", .message(MessageShape([1: Member("finalizers", .list(.string))])), keepsEmpty: true),
        3: Member("status", .message(MessageShape([
            1: Member("phase", .string),
            2: Member("conditions", .list(.message(MessageShape([
                1: Member("type", .string, keepsEmpty: true),
                2: Member("status", .string, keepsEmpty: true),
                4: Member("lastTransitionTime", .time),
                5: Member("reason", .string),
                6: Member("message", .string),
            ])))),
        ])), keepsEmpty: true),
    ])

    /// `k8s.io/api/authorization/v1`.
    static let accessReview = MessageShape([
        1: Member("metadata", .message(objectMeta)),
        2: Member("spec", .message(MessageShape([
            1: Member("resourceAttributes", .message(MessageShape([
                1: Member("namespace", .string),
                2: Member("verb", .string),
                3: Member("group", .string),
                4: Member("version", .string),
                5: Member("resource", .string),
                6: Member("subresource", .string),
                7: Member("name", .string),
            ]))),
            2: Member("nonResourceAttributes", .message(MessageShape([1: Member("path", .string), 2: Member("verb", .string)]))),
        ])), keepsEmpty: true),
    ])

    static let rulesReview = MessageShape([
        1: Member("metadata", .message(objectMeta)),
        2: Member("spec", .message(MessageShape([1: Member("namespace", .string)])), keepsEmpty: true),
    ])

    static let configMap = MessageShape([
        1: Member("metadata", .message(objectMeta)),
        2: Member("data", .map(.string)),
        3: Member("binaryData", .map(.bytes)),
        4: Member("immutable", .bool, keepsEmpty: true),
    ])

    static let secret = MessageShape([
        1: Member("metadata", .message(objectMeta)),
        2: Member("data", .map(.bytes)),
        3: Member("type", .string),
        4: Member("stringData", .map(.string)),
        5: Member("immutable", .bool, keepsEmpty: true),
    ])

    static let serviceAccount = MessageShape([
        1: Member("metadata", .message(objectMeta)),
        2: Member("secrets", .list(.message(MessageShape([
            1: Member("kind", .string),
            2: Member("namespace", .string),
            3: Member("name", .string),
            4: Member("uid", .string),
            5: Member("apiVersion", .string),
            6: Member("resourceVersion", .string),
            7: Member("fieldPath", .string),
        ])))),
        3: Member("imagePullSecrets", .list(.message(MessageShape([1: Member("name", .string)])))),
        4: Member("automountServiceAccountToken", .bool, keepsEmpty: true),
    ])

    static let deleteOptions = MessageShape([
        1: Member("gracePeriodSeconds", .int, keepsEmpty: true),
        2: Member("preconditions", .message(MessageShape([
            1: Member("uid", .string),
            2: Member("resourceVersion", .string),
        ]))),
        3: Member("orphanDependents", .bool, keepsEmpty: true),
        4: Member("propagationPolicy", .string),
        5: Member("dryRun", .list(.string)),
        6: Member("ignoreStoreReadErrorWithClusterBreakingPotential", .bool, keepsEmpty: true),
    ])
}
