export { classMeanScorer, type ClassMeanScorer } from './class-mean-scorer';
