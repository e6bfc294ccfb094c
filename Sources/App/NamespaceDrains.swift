import Artifacts
import Core
import Namespaces
import Pipelines
import Serving

/// Who keeps something in namespaces, in the order in which it goes when a namespace is deleted: what runs and serves first, then what those have used.
enum NamespaceDrains {
    static func all(
        runs: RunService, models: ModelService, pipelines: PipelineService, experiments: ExperimentService, artifacts: ArtifactService,
        removeTask: @escaping @Sendable (String) -> Void
    ) -> [NamespaceDrain] {
        [
            NamespaceDrain("runs") { namespace in
                for task in try await runs.removeAll(in: namespace) { removeTask(task) }
            },
            NamespaceDrain("models") { namespace in
                for model in models.models(namespace: namespace) {
                    do { try await models.delete(namespace: namespace, name: model.name) } catch let error as MonoflowError
                        where error.code == .notFound {}
                }
            },
            NamespaceDrain("experiments") { try await experiments.removeAll(in: $0) },
            NamespaceDrain("pipelines") { try await pipelines.removeAll(in: $0) },
            NamespaceDrain("artifacts") { try await artifacts.removeAll(in: $0) },
        ]
    }
}
