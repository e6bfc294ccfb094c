/// Messages of pods and of what makes pods, as far as a task can be said with them. Field numbers are those of `k8s.io/api/core/v1` and `k8s.io/api/batch/v1`.
extension MessageShape {
    /// What the server writes is not read.
    private static let status = Member("status", .message(MessageShape([:])))

    static let pod = MessageShape([1: Member("metadata", .message(objectMeta)), 2: Member("spec", .message(podSpec)), 3: status], isClosed: true)

    static let job = MessageShape([1: Member("metadata", .message(objectMeta)), 2: Member("spec", .message(jobSpec)), 3: status], isClosed: true)

    static let cronJob = MessageShape([
        1: Member("metadata", .message(objectMeta)),
        2: Member("spec", .message(MessageShape([
            1: Member("schedule", .string),
            2: Member("startingDeadlineSeconds", .int, keepsEmpty: true),
            3: Member("concurrencyPolicy", .string),
            4: Member("suspend", .bool, keepsEmpty: true),
            5: Member("jobTemplate", .message(MessageShape([1: Member("metadata", .message(objectMeta)), 2: Member("spec", .message(jobSpec))], isClosed: true))),
            6: Member("successfulJobsHistoryLimit", .int, keepsEmpty: true),
            7: Member("failedJobsHistoryLimit", .int, keepsEmpty: true),
            8: Member("timeZone", .string),
        ], isClosed: true))),
        3: status,
    ], isClosed: true)

    private static let jobSpec = MessageShape([
        1: Member("parallelism", .int, keepsEmpty: true),
        2: Member("completions", .int, keepsEmpty: true),
        3: Member("activeDeadlineSeconds", .int, keepsEmpty: true),
        4: Member("selector", .message(MessageShape([1: Member("matchLabels", .map(.string))], isClosed: true))),
        5: Member("manualSelector", .bool),
        6: Member("template", .message(MessageShape([1: Member("metadata", .message(objectMeta)), 2: Member("spec", .message(podSpec))], isClosed: true))),
        7: Member("backoffLimit", .int, keepsEmpty: true),
        8: Member("ttlSecondsAfterFinished", .int, keepsEmpty: true),
        9: Member("completionMode", .string),
        10: Member("suspend", .bool, keepsEmpty: true),
        14: Member("podReplacementPolicy", .string),
        15: Member("managedBy", .string),
    ], isClosed: true)

    private static let podSpec = MessageShape([
        1: Member("volumes", .list(.message(volume))),
        2: Member("containers", .list(.message(container))),
        3: Member("restartPolicy", .string),
        4: Member("terminationGracePeriodSeconds", .int, keepsEmpty: true),
        5: Member("activeDeadlineSeconds", .int, keepsEmpty: true),
        6: Member("dnsPolicy", .string),
        7: Member("nodeSelector", .map(.string)),
        8: Member("serviceAccountName", .string),
        9: Member("serviceAccount", .string),
        10: Member("nodeName", .string),
        15: Member("imagePullSecrets", .list(.message(localReference))),
        16: Member("hostname", .string),
        17: Member("subdomain", .string),
        19: Member("schedulerName", .string),
        21: Member("automountServiceAccountToken", .bool, keepsEmpty: true),
        24: Member("priorityClassName", .string),
        30: Member("enableServiceLinks", .bool, keepsEmpty: true),
    ], isClosed: true)

    private static let container = MessageShape([
        1: Member("name", .string),
        2: Member("image", .string),
        3: Member("command", .list(.string)),
        4: Member("args", .list(.string)),
        5: Member("workingDir", .string),
        6: Member("ports", .list(.message(MessageShape([
            1: Member("name", .string), 2: Member("hostPort", .int), 3: Member("containerPort", .int), 4: Member("protocol", .string), 5: Member("hostIP", .string),
        ], isClosed: true)))),
        7: Member("env", .list(.message(variable))),
        8: Member("resources", .message(MessageShape([1: Member("limits", .map(.wrapped)), 2: Member("requests", .map(.wrapped))], isClosed: true))),
        9: Member("volumeMounts", .list(.message(MessageShape([
            1: Member("name", .string), 2: Member("readOnly", .bool), 3: Member("mountPath", .string), 4: Member("subPath", .string),
        ], isClosed: true)))),
        13: Member("terminationMessagePath", .string),
        14: Member("imagePullPolicy", .string),
        19: Member("envFrom", .list(.message(MessageShape([
            1: Member("prefix", .string), 2: Member("configMapRef", .message(optionalReference)), 3: Member("secretRef", .message(optionalReference)),
        ], isClosed: true)))),
        20: Member("terminationMessagePolicy", .string),
    ], isClosed: true)

    private static let localReference = MessageShape([1: Member("name", .string)], isClosed: true)

    private static let optionalReference = MessageShape([1: Member("name", .inlined(localReference)), 2: Member("optional", .bool, keepsEmpty: true)], isClosed: true)

    private static let keyReference = MessageShape([
        1: Member("name", .inlined(localReference)), 2: Member("key", .string), 3: Member("optional", .bool, keepsEmpty: true),
    ], isClosed: true)

    private static let variable = MessageShape([
        1: Member("name", .string),
        2: Member("value", .string),
        3: Member("valueFrom", .message(MessageShape([
            1: Member("fieldRef", .message(MessageShape([1: Member("apiVersion", .string), 2: Member("fieldPath", .string)], isClosed: true))),
            2: Member("resourceFieldRef", .message(MessageShape([
                1: Member("containerName", .string), 2: Member("resource", .string), 3: Member("divisor", .wrapped),
            ], isClosed: true))),
            3: Member("configMapKeyRef", .message(keyReference)),
            4: Member("secretKeyRef", .message(keyReference)),
        ], isClosed: true))),
    ], isClosed: true)

    private static let items = Member("items", .list(.message(MessageShape([
        1: Member("key", .string), 2: Member("path", .string), 3: Member("mode", .int, keepsEmpty: true),
    ], isClosed: true))))

    private static let volume = MessageShape([
        1: Member("name", .string),
        2: Member("source", .inlined(MessageShape([
            2: Member("emptyDir", .message(MessageShape([1: Member("medium", .string), 2: Member("sizeLimit", .wrapped)], isClosed: true)), keepsEmpty: true),
            6: Member("secret", .message(MessageShape([
                1: Member("secretName", .string), 2: items, 3: Member("defaultMode", .int, keepsEmpty: true), 4: Member("optional", .bool, keepsEmpty: true),
            ], isClosed: true))),
            10: Member("persistentVolumeClaim", .message(MessageShape([1: Member("claimName", .string), 2: Member("readOnly", .bool)], isClosed: true))),
            19: Member("configMap", .message(MessageShape([
                1: Member("name", .inlined(localReference)), 2: items, 3: Member("defaultMode", .int, keepsEmpty: true), 4: Member("optional", .bool, keepsEmpty: true),
            ], isClosed: true))),
        ], isClosed: true))),
    ], isClosed: true)
}
