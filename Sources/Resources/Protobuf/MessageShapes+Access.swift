/// Messages of `k8s.io/api/rbac/v1`, `k8s.io/api/authentication/v1` and of quotas in `k8s.io/api/core/v1`.
extension MessageShape {
    static let roleBinding = MessageShape([
        1: Member("metadata", .message(objectMeta)),
        2: Member("subjects", .list(.message(MessageShape([
            1: Member("kind", .string),
            2: Member("apiGroup", .string),
            3: Member("name", .string),
            4: Member("namespace", .string),
        ])))),
        3: Member("roleRef", .message(MessageShape([
            1: Member("apiGroup", .string),
            2: Member("kind", .string),
            3: Member("name", .string),
        ])), keepsEmpty: true),
    ])

    static let resourceQuota = MessageShape([
        1: Member("metadata", .message(objectMeta)),
        2: Member("spec", .message(MessageShape([
            1: Member("hard", .map(.quantity)),
            2: Member("scopes", .list(.string)),
        ])), keepsEmpty: true),
    ])

    static let tokenRequest = MessageShape([
        1: Member("metadata", .message(objectMeta)),
        2: Member("spec", .message(MessageShape([
            1: Member("audiences", .list(.string)),
            3: Member("boundObjectRef", .message(MessageShape([
                1: Member("kind", .string),
                2: Member("apiVersion", .string),
                3: Member("name", .string),
                4: Member("uid", .string),
            ]))),
            4: Member("expirationSeconds", .int, keepsEmpty: true),
        ])), keepsEmpty: true),
    ])
}
