export { scoreJob, type ScoreData, type ScoreJobOptions, type ScoreSummary } from './score/score-job';
export { folderStore } from './stores/folder-store';
export type { JobStore } from './stores/job-store';
export type { AddedJob, JobProcessor, JobQueue, QueueJob } from './queue/queue-job';
export { followRun, type FollowRunOptions, type RunEvents, type RunProgress } from './run/follow-run';
export type { RunSummary } from './run/run-job';
export type { ShardsData } from './run/job-data';
export type { WorkerOptions } from './run/worker-options';
export type { FailedShards, PartSummary } from './tree/part-result';
