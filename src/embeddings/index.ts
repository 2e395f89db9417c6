export { ClassMeans, type Means } from './class-means';
export type { Embeddings } from './embeddings';
