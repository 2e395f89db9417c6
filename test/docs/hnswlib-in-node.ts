/** hnswlib-wasm under its own name; it is built for browsers. */
export { loadHnsw as loadHnswlib } from '../scorers/load-hnsw';
