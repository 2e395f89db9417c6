// Types of every entry, used as a project of a user's would; the wrong uses show that none of them is `any`.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ClassMeans, ShapeError, contrastiveLoss, decide, type Decision, type Embeddings } from 'tfjs-ood';
import { readIdx, type Inflate } from 'tfjs-ood/datasets';
import { fitOutputDetector, type DetectorEvaluation, type OutputDetector, type Verdict } from 'tfjs-ood/detector';
import { recallAtK } from 'tfjs-ood/embeddings';
import { fitDetector, type Detector } from 'tfjs-ood/detector';
import { createTrainer, vgg, type Trainer } from 'tfjs-ood/training';
import { fitJob, type FitData, type JobProcessor, type JobQueue, type JobStore } from 'tfjs-ood/jobs';
import { auroc, evaluate, type Evaluation } from 'tfjs-ood/metrics';
import { loadCifar10, startWebgpu, type GpuAdapter, type RunFolder } from 'tfjs-ood/node';
import { htmlReport, type Report } from 'tfjs-ood/report';
import { nearestClassMean, mahalanobis, type ClassMeanScorer, type ScorerMethod } from 'tfjs-ood/scorers';
import { trainingKernels } from 'tfjs-ood/wasm';
import { webgpuKernels } from 'tfjs-ood/webgpu';

export const loss: tf.Scalar = contrastiveLoss([0, 1], tf.tensor2d([[0], [1]]));
export const embeddings: Embeddings = { data: Float32Array.of(0, 1), shape: [2, 1] };
export const decisions: Decision[] = decide([1], { calibration: [0], alpha: 0.05 });
export const scorer: ClassMeanScorer = nearestClassMean().of(new ClassMeans());
export const scores: Promise<Float32Array> = scorer.score({ features: embeddings });
export const method: ScorerMethod = mahalanobis();
export const area: number = auroc([0.1, 0.4], [0.35, 0.8]);
export const evaluation: Evaluation = evaluate({ in: [0, 1], out: { noise: [2, 3] } });
export const recall: Promise<number[]> = recallAtK(embeddings, [0, 1], [1]);
export const model: LayersModel = vgg({ seed: 1 });
export const trainer: Trainer = createTrainer(model, { loss: (labels, x) => contrastiveLoss(labels, x), seed: 1 });
export const kernels: readonly string[] = [...trainingKernels, ...webgpuKernels];
export const card = (): Promise<GpuAdapter> => startWebgpu();
export const page = (report: Report): Promise<string> => htmlReport(report);
export const files = (run: RunFolder, inflate: Inflate) => [run, inflate, loadCifar10, readIdx];
export const size = (error: unknown): string => (error instanceof ShapeError ? error.message : '');

export async function detectors(images: tf.Tensor4D, labels: number[]): Promise<Verdict[]> {
  const around: Detector = await fitDetector(model, { images, labels }, { scorer: method, alpha: 0.05 });
  const outputs = { features: embeddings, labels };
  const outside: OutputDetector = await fitOutputDetector(outputs, { scorer: method, alpha: 0.05 });
  return [...(await around.predict(images)), ...(await outside.predict({ features: embeddings }))];
}

export async function evaluated(detector: Detector, known: tf.Tensor4D, strange: tf.Tensor4D): Promise<string> {
  const result: DetectorEvaluation = await detector.evaluate({ known, strange: { strange } });
  return htmlReport({ title: result.sentence, ...result });
}

/** Without bullmq: whoever has it gives its Queue, and the Worker takes the processor. */
export const processor = (queue: JobQueue, store: JobStore): JobProcessor<object> =>
  fitJob({ queue, store, roots: { train: 'train' }, methods: { gaussian: method } });
export const data: FitData = { run: 'a', root: 'train', list: 'a.txt', columns: { labels: 'y' }, method: 'gaussian' };

// @ts-expect-error labels are numbers
contrastiveLoss('no labels', tf.tensor2d([[0], [1]]));
// @ts-expect-error scores are numbers
auroc(['0.1'], ['0.2']);
// @ts-expect-error no such option
vgg({ sead: 1 });
// @ts-expect-error a detector needs its scorer
void fitOutputDetector({ features: embeddings, labels: [0, 1] }, { alpha: 0.05 });
