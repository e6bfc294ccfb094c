import Core

enum SystemDescriptions {
    static var group: RouteGroup {
        RouteGroup("System", "Health, metrics, and facts about this server.") {
            RouteGroup.Component("System", Schema.object([
                "version": Schema.text, "started_at": Schema.time, "isolation": Schema.ref("Isolation"), "executor": Schema.ref("ExecutorFacts"),
                "inference": Schema.ref("InferenceFacts"), "resource_control": Schema.ref("ResourceControl"),
            ], optional: ["tls": Schema.object(["url": Schema.text], optional: ["ca": Schema.text])]))
            RouteGroup.Component("Isolation", Schema.object([
                "level": Schema.word("sandboxWithUserPerNamespace", "sandbox", "restricted", "none"), "summary": Schema.text,
                "network": Schema.object([
                    "kind": Schema.word("namespace", "host"), "egress": Schema.flag, "can_separate": Schema.flag, "summary": Schema.text,
                ]),
                "notes": Schema.list(Schema.text),
            ]))
            RouteGroup.Component("ResourceControl", Schema.object([
                "cgroup_version": ["type": "integer", "nullable": true], "cpu_weights": Schema.flag, "cpu_limits": Schema.flag, "memory_limits": Schema.flag,
            ]))
            RouteGroup.Component("ExecutorFacts", Schema.object([
                "name": Schema.text, "cpu_millis": Schema.integer, "memory_bytes": Schema.integer, "gpus": Schema.integer,
            ]))
            RouteGroup.Component("InferenceFacts", Schema.object(
                ["ready": Schema.flag, "message": Schema.text], optional: ["version": Schema.text, "providers": Schema.list(Schema.text)]))
        } routes: {
            RouteDescription(.get, "/healthz", "getHealth", "Whether the process answers.", .content("text/plain", Schema.text, "ok"))
            RouteDescription(
                .get, "/readyz", "getReadiness", "Whether requests are taken; 503 with the reason where not.", .content("text/plain", Schema.text, "ok"))
            RouteDescription(
                .get, "/metrics", "getMetrics", "Prometheus' text form, for clients on this machine.", .content("text/plain", Schema.text, "Metrics."),
                failures: [403])
            RouteDescription(.get, "/api/system", "getSystem", "Version, isolation, capacity, inference.", .json("System"))
            RouteDescription(
                .get, "/openapi.json", "getOpenAPI", "This document.", .content("application/json", Schema.anyObject, "An OpenAPI 3.0 document."))
        }
    }
}
