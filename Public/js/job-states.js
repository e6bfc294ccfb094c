// How jobs and pods stand, read from their status.
import { parseTime } from './format.js';

const condition = (object, type) => (object.status?.conditions ?? []).find((one) => one.type === type && one.status === 'True');

/** The badge's word of a job, and why it failed. */
export function jobState(job) {
  const failed = condition(job, 'Failed');
  if (job.metadata.deletionTimestamp) return { state: 'Terminating' };
  if (failed) return { state: 'Failed', reason: failed.reason, message: failed.message };
  if (condition(job, 'Complete')) return { state: 'Succeeded' };
  if (job.spec?.suspend) return { state: 'Suspended' };
  return { state: job.status?.active ? 'Running' : 'Pending' };
}

/** `{started, finished}` of a job, where it has come to that. */
export const jobTimes = (job) => ({
  started: job.status?.startTime,
  finished: job.status?.completionTime ?? condition(job, 'Failed')?.lastTransitionTime,
});

/** The badge's word of a pod, and the reason that its container or its placing gives. */
export function podState(pod) {
  const status = pod.status ?? {};
  const container = status.containerStatuses?.[0]?.state ?? {};
  const waits = (status.conditions ?? []).find((one) => one.status === 'False' && one.reason === 'Unschedulable');
  const told = container.terminated ?? waits ?? container.waiting ?? {};
  return {
    state: pod.metadata.deletionTimestamp ? 'Terminating' : (status.phase ?? 'Pending'),
    reason: status.reason ?? told.reason ?? '',
    message: status.message ?? told.message ?? '',
    exitCode: container.terminated?.exitCode ?? null,
    started: container.running?.startedAt ?? container.terminated?.startedAt ?? null,
    finished: container.terminated?.finishedAt ?? null,
  };
}

/** Whether its log may still grow. */
export const podLives = (pod) => !['Succeeded', 'Failed'].includes(pod.status?.phase);

/** The owner that controls it, else the first. */
export function ownerOf({ metadata }) {
  const owners = metadata.ownerReferences ?? [];
  return owners.find((one) => one.controller) ?? owners[0] ?? null;
}

/** Newest first; names decide between equal times. */
export const byAge = (a, b) =>
  (parseTime(b.metadata.creationTimestamp) ?? 0) - (parseTime(a.metadata.creationTimestamp) ?? 0) ||
  a.metadata.name.localeCompare(b.metadata.name);
