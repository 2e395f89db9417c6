// What `evaluate` of each detector loads when it is called: one file, so that bundlers split off one chunk.
export { evaluateDetector } from './evaluate-detector';
export { evaluateGrowing } from './evaluate-growing';
