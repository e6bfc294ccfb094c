import Executors
import Training

/// The directories of persistent volume claims, where the executor has them.
struct ClaimVolumes: VolumeDirectories {
    let executor: ProcessExecutor

    func makeVolume(namespace: String, claim: String) throws { try executor.makeVolume(namespace: namespace, claim: claim) }
    func removeVolume(namespace: String, claim: String) throws { try executor.removeVolume(namespace: namespace, claim: claim) }
}
