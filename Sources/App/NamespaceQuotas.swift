import Executors
import Namespaces
import Serving
import Tasks

/// What declared quotas mean for the task queue, and what it says of namespaces in return.
enum NamespaceQuotas {
    /// The part of a quota that is about tasks.
    static func ofTasks(_ quota: EffectiveQuota) -> NamespaceQuota {
        func number(_ value: Int64?) -> Int? { value.map(Int.init(clamping:)) }
        let defaults = ResourceRequest(
            cpuMillis: number(quota.defaultRequest.cpuMillis) ?? 0, cpuLimitMillis: number(quota.defaultLimit.cpuMillis) ?? 0,
            memoryBytes: quota.defaultRequest.memoryBytes ?? 0, memoryLimitBytes: quota.defaultLimit.memoryBytes ?? 0)
        return NamespaceQuota(
            cpuMillis: number(quota.requests.cpuMillis), memoryBytes: quota.requests.memoryBytes, gpus: number(quota.requests.gpus), tasks: number(quota.tasks),
            weight: number(quota.weight) ?? 1, defaultRequest: defaults == ResourceRequest() ? nil : defaults)
    }

    /// What running tasks of a namespace hold, and the models that it serves. Limits and bytes on disk are not counted yet.
    static func usage(of namespace: String, engine: TaskEngine, models: ModelService) async -> Namespaces.NamespaceUsage {
        let held = await engine.usage(namespace).held
        let amounts = EffectiveQuota.Amounts(cpuMillis: Int64(held.cpuMillis), memoryBytes: held.memoryBytes, gpus: Int64(held.gpus))
        return Namespaces.NamespaceUsage(
            requests: amounts, tasks: Int64(held.tasks), models: Int64(models.models(namespace: namespace).count))
    }
}
