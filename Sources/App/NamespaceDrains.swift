import Artifacts
import Core
import Namespaces
import Pipelines
import Serving

/// Who keeps something in namespaces, in the order in which it goes when a namespace is deleted: what runs and serves first, then what those have used.
enum NamespaceDrains {
    static func all(
        runs: RunService, models: ModelService, pipelines: PipelineService, experiments: ExperimentService, artifacts: ArtifactService,
        removeTask: @escaping @Sendable (String) -> Void, releaseNetwork: @escaping @Sendable (String) async -> Void
    ) -> [NamespaceDrain] {
        [
            NamespaceDrain("runs") { namespace in
                try await runs.removeAll(of: namespace) { tasks in for task in tasks { removeTask(task) } }
            },
            NamespaceDrain("models") { try await models.removeAll(of: $0) },
            NamespaceDrain("experiments") { try await experiments.removeAll(of: $0) },
            NamespaceDrain("pipelines") { try await pipelines.removeAll(of: $0) },
            NamespaceDrain("artifacts") { try await artifacts.removeAll(of: $0) },
            NamespaceDrain("network") { await releaseNetwork($0) },
        ]
    }
}
