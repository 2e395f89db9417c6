/** The members of a BullMQ `Job` that a processor uses; nothing of `bullmq` is imported. */
export interface QueueJob {
  readonly id?: string | undefined;
  readonly data: unknown;
  /** When it was added. */
  readonly timestamp: number;
  readonly queueQualifiedName: string;
  updateProgress(state: object): Promise<void>;
  moveToWaitingChildren(token: string): Promise<boolean>;
  getChildrenValues(): Promise<Record<string, unknown> | undefined>;
  getIgnoredChildrenFailures(): Promise<Record<string, string> | undefined>;
}

/** A job as it is added. */
export interface AddedJob {
  name: string;
  data: object;
  opts: {
    jobId: string;
    parent: { id: string; queue: string };
    lifo: boolean;
    attempts: number;
    backoff: { type: 'exponential'; delay: number };
    ignoreDependencyOnFailure: boolean;
    removeOnComplete: boolean;
    removeOnFail: { count: number };
    stackTraceLimit: number;
  };
}

/** The member of a BullMQ `Queue` that a processor uses. */
export interface JobQueue {
  addBulk(jobs: AddedJob[]): Promise<unknown>;
}

/** What a BullMQ `Worker` calls. */
export interface JobProcessor<Result> {
  (job: QueueJob, token?: string, signal?: AbortSignal): Promise<Result>;
  /** Frees what it holds on the backend; call it when the worker is closed. */
  dispose(): void;
}
