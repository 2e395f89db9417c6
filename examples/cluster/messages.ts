/** What the example's processes are told, as JSON on their command line. */
export interface ClusterFolders {
  /** Shards of known rows and of fresh ones. */
  train: string;
  fresh: string;
  /** Where results lie. */
  store: string;
}

export interface WorkerOrders extends ClusterFolders {
  port: number;
  /** After so many ms without a sign of life a worker is taken for dead. */
  lock: number;
}

export interface SingleOrders extends ClusterFolders {
  shards: string[];
  share: number;
}

/** A process says what it holds, and when it is ready or done. */
export interface ClusterMessage {
  rss: number;
  isReady?: boolean;
  seconds?: Record<string, number>;
}

/** Known rows that calibrate, and the false-alarm rate. */
export const ALPHA = 0.05;
export const COLUMNS = { features: 'embedding', labels: 'label', ids: 'id' } as const;
export const FIT_QUEUE = 'fit';
export const SCORE_QUEUE = 'score';
