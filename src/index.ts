export * from './errors';
export * from './random';
export * from './pairs/index';
export * from './losses/index';
export * from './embeddings/index';
export * from './scorers/index';
export * from './metrics/index';
export * from './state/index';
