import { ANYTHING, SIGNAL, TEXT } from '../../core/check';

const SHARD = {
  expected: 'a name or a number',
  holds: (value: unknown) => typeof value === 'string' || Number.isFinite(value),
};
export const ADD_OPTIONS = { ids: [ANYTHING], shard: [SHARD], signal: [SIGNAL] } as const;
export const MERGE_OPTIONS = { name: [TEXT], signal: [SIGNAL] } as const;
