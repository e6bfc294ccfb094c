import Access
import Core
import Resources
import Synchronization
import Testing

@testable import Namespaces

/// What a domain keeps in namespaces, and how often it is to fail.
private final class Domain: Sendable {
    struct State {
        var kept: Set<String> = ["team", "other"]
        var failures = 0
        var calls = 0
    }
    let state = Mutex(State())

    init(failures: Int = 0) { state.withLock { $0.failures = failures } }

    var drain: NamespaceDrain {
        NamespaceDrain("runs") { namespace in
            try self.state.withLock { state in
                state.calls += 1
                if state.failures > 0 {
                    state.failures -= 1
                    throw MonoflowError(.unavailable, "stop runs", namespace, "a run does not stop")
                }
                state.kept.remove(namespace)
            }
        }
    }
}

@Suite struct NamespaceDeletionTests {
    private func team(_ fixture: NamespacesFixture) async throws {
        try await fixture.create("namespaces", #"{"metadata":{"name":"team"}}"#)
        try await fixture.user("ann", ["team": .owner])
        for index in 0..<3 { try await fixture.create("configmaps", in: "team", #"{"metadata":{"name":"c\#(index)"}}"#) }
    }

    @Test func aNamespaceGoesWithAllThatIsInIt() async throws {
        let domain = Domain()
        try await NamespacesFixture.with(try await NamespacesFixture(drains: [domain.drain])) { fixture in
            try await team(fixture)
            #expect(try await !fixture.delete("namespaces", "team"))
            let namespace = try #require(try await fixture.get("namespaces", "team"))
            #expect(namespace["status"]?["phase"] == "Terminating" && namespace.isBeingDeleted)
            // Nothing new, and what is there stays until it is its turn.
            let refused = await failure { try await fixture.create("configmaps", in: "team", #"{"metadata":{"name":"new"}}"#) }
            #expect(refused?.code == .permissionDenied && refused?.message.contains("because it is being terminated") == true)
            #expect(await failure { try fixture.access.checkOpen("team") }?.code == .permissionDenied)
            #expect(await failure { try await fixture.create("namespaces", #"{"metadata":{"name":"team"}}"#) }?.code == .alreadyExists)
            #expect(try await fixture.names("configmaps", in: "team").count == 3)
            // Nobody takes it away before it is empty.
            #expect(await failure { try await fixture.merge("namespaces", "team", #"{"metadata":{"finalizers":null}}"#) }?.code == .conflict)

            #expect(try await fixture.service.drainer.drain("team"))
            #expect(try await fixture.get("namespaces", "team") == nil && fixture.access.settings(of: "team") == nil)
            #expect(domain.state.withLock { $0.kept } == ["other"])
            #expect(try await fixture.resources.snapshot { try ResourceStore.kinds($0, in: "team") }.isEmpty)
            #expect(try await fixture.principal("ann").role(in: "team") == nil)
            #expect(fixture.quotas["team"] == EffectiveQuota())
            // The name begins anew.
            try await fixture.create("namespaces", #"{"metadata":{"name":"team"}}"#)
            #expect(try await fixture.access.boundRoles(in: "team").map(\.subject.kind) == [.account, .account])
            try await fixture.create("configmaps", in: "team", #"{"metadata":{"name":"new"}}"#)
        }
    }

    @Test func whatFailsIsToldAndTriedAgain() async throws {
        let domain = Domain(failures: 1)
        try await NamespacesFixture.with(try await NamespacesFixture(drains: [domain.drain])) { fixture in
            try await team(fixture)
            try await fixture.delete("namespaces", "team")
            #expect(await failure { _ = try await fixture.service.drainer.drain("team") }?.code == .unavailable)
            let condition = try await fixture.get("namespaces", "team")?["status"]?["conditions"]?[0]
            #expect(condition?["type"] == "NamespaceDeletionContentFailure" && condition?["message"]?.stringValue?.contains("a run does not stop") == true)
            #expect(try await fixture.names("configmaps", in: "team").count == 3)
            #expect(try await fixture.service.drainer.drain("team"))
        }
    }

    /// A process that ends after any number of steps leaves what the next one needs.
    @Test(arguments: 0..<3)
    func aCrashIsMadeGood(calls: Int) async throws {
        // The first failing call is the point of the crash: before the objects, or after them.
        let domain = Domain(), limit = calls
        let crashing = NamespaceDrain("runs") { namespace in
            if domain.state.withLock({ $0.calls }) >= limit { throw MonoflowError(.unavailable, "stop", namespace, "the process ends") }
            try await domain.drain.remove(namespace)
        }
        let first = try await NamespacesFixture(drains: [crashing])
        try await team(first)
        try await first.delete("namespaces", "team")
        if calls < 2 {
            #expect(await failure { _ = try await first.service.drainer.drain("team") }?.code == .unavailable)
            #expect(try await first.names("configmaps", in: "team").isEmpty == (calls == 1))
        } else {
            // Emptied, and not yet removed.
            for key in ["configmaps", NamespaceContents.accountKind, RoleBinding.kind] {
                for name in try await first.names(key, in: "team") { try await first.delete(key, in: "team", name) }
            }
            try await first.access.namespaceEmptied("team")
        }
        await first.stop()

        try await NamespacesFixture.with(try await NamespacesFixture(directory: first.directory, drains: [Domain().drain])) { fixture in
            #expect(fixture.access.terminatingNamespaces == ["team"])
            #expect(await failure { try await fixture.create("configmaps", in: "team", #"{"metadata":{"name":"new"}}"#) }?.code == .permissionDenied)
            let watcher = try await fixture.resources.hub.watch(WatchFilter(kind: "namespaces"), after: try await fixture.resources.version())
            fixture.service.start()
            while try await fixture.get("namespaces", "team") != nil { _ = try #require(try await watcher.next()) }
            watcher.close()
            #expect(try await fixture.resources.snapshot { try ResourceStore.kinds($0, in: "team") }.isEmpty)
        }
    }

    @Test func finalizersAreRespected() async throws {
        try await NamespacesFixture.with { fixture in
            try await team(fixture)
            try await fixture.create("configmaps", in: "team", #"{"metadata":{"name":"held","finalizers":["example.com/wait"]}}"#)
            try await fixture.delete("namespaces", "team")
            #expect(try await !fixture.service.drainer.drain("team"))
            #expect(try await fixture.names("configmaps", in: "team") == ["held"])
            // Members see it until its end.
            #expect(try await fixture.principal("ann").role(in: "team") == .owner)
            let condition = try await fixture.get("namespaces", "team")?["status"]?["conditions"]?[0]
            #expect(condition?["type"] == "NamespaceFinalizersRemaining" && condition?["message"]?.stringValue?.contains("configmaps") == true)
            let version = try await fixture.resources.version()
            #expect(try await !fixture.service.drainer.drain("team"))
            #expect(try await fixture.resources.version() == version)
            try await fixture.merge("configmaps", in: "team", "held", #"{"metadata":{"finalizers":null}}"#)
            #expect(try await fixture.service.drainer.drain("team"))
        }
    }

    @Test func someStay() async throws {
        try await NamespacesFixture.with { fixture in
            #expect(await failure { try await fixture.delete("namespaces", "default") }?.message.contains("may not be deleted") == true)
            try await fixture.profile("default", owner: "admin")
            #expect(await failure { try await fixture.delete("profiles.kubeflow.org", "default") }?.message.contains("may not be deleted") == true)
            #expect(!fixture.access.isTerminating("default"))
            #expect(await failure { try await fixture.create("configmaps", in: "none", #"{"metadata":{"name":"c"}}"#) }?.code == .notFound)
        }
    }

    @Test func aProfileAndItsNamespaceGoTogether() async throws {
        for key in ["profiles.kubeflow.org", "namespaces"] {
            try await NamespacesFixture.with { fixture in
                try await fixture.profile("team", hard: #"{"pods":1}"#)
                let watcher = try await fixture.resources.hub.watch(WatchFilter(kind: "namespaces"), after: try await fixture.resources.version())
                fixture.resources.start()
                fixture.service.start()
                try await fixture.delete(key, "team")
                while try await fixture.get("namespaces", "team") != nil { _ = try #require(try await watcher.next()) }
                watcher.close()
                #expect(try await fixture.get("profiles.kubeflow.org", "team") == nil)
            }
        }
    }
}
