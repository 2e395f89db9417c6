import * as tf from '@tensorflow/tfjs-core';
import * as ood from 'tfjs-ood';
import { expect, test } from 'vitest';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

const y = [0, 1, 0, 1];
type Loss = (rows: tf.Tensor2D, four: tf.Tensor2D) => tf.Tensor;
const losses: Readonly<Record<string, Loss>> = {
  'contrastiveLoss in halves': (x) => ood.contrastiveLoss(y, x),
  'contrastiveLoss of all pairs': (x) => ood.contrastiveLoss(y, x, { pairs: 'all' }),
  'odmLoss, squared': (x) => ood.odmLoss([0, 1, -1, 1], x, { power: 2 }),
  tripletLoss: (x) => ood.tripletLoss(y, x),
  'tripletLoss, squared': (x) => ood.tripletLoss(y, x, { power: 2 }),
  'tripletLoss with a memory': (x) => {
    const memory = ood.embeddingMemory({ capacity: 8 });
    memory.add(y, x);
    const loss = ood.tripletLoss(y, x, { memory });
    memory.dispose();
    return loss;
  },
  supervisedContrastiveLoss: (x) => ood.supervisedContrastiveLoss(y, x),
  centerLoss: (x, four) => ood.centerLoss([0, -1, 0, 1], x, four),
  ciderLoss: (x, four) => ood.ciderLoss(y, x, four),
  proxyAnchorLoss: (x, four) => ood.proxyAnchorLoss(y, x, four),
  classAnchorLoss: (x) => ood.classAnchorLoss(y, x),
  outlierExposureLoss: (x) => ood.outlierExposureLoss(y, x),
  confidenceLoss: (x) => ood.confidenceLoss(y, x),
  energyBoundedLoss: (x) => ood.energyBoundedLoss(y, x),
  logitNormLoss: (x) => ood.logitNormLoss(y, x),
  pairwiseDistances: (x) => tf.sum(ood.pairwiseDistances(x)),
  pairwiseSquaredDistances: (x) => tf.sum(ood.pairwiseSquaredDistances(x)),
  unitRows: (x) => tf.sum(ood.unitRows(x)),
};

onEachBackend('rows of whole numbers (int32)', () => {
  test.each(Object.entries(losses))('%s costs what the same float32 cost, with their gradient', async (_, loss) => {
    const tensors = (['float32', 'int32'] as const).map((dtype) =>
      tf.tidy(() => {
        const four = tf.tensor2d([1, 0, 0, 1, 1, 1, 2, 1], [4, 2], dtype);
        return tf.valueAndGrad((x: tf.Tensor) => loss(x as tf.Tensor2D, four) as tf.Scalar)(
          tf.tensor2d([0, 1, 5, 2, 1, 7, 3, 4], [4, 2], dtype),
        );
      }),
    );
    const found = await Promise.all(
      tensors.map(async ({ value, grad }) => {
        return { value: await value.data(), grad: await grad.data(), dtypes: [value.dtype, grad.dtype] };
      }),
    );
    tensors.forEach(({ value, grad }) => tf.dispose([value, grad]));
    const [floats, whole] = found as [(typeof found)[0], (typeof found)[0]];
    expect(floats.grad.some((value) => value !== 0)).toBe(true);
    expect(whole.dtypes[1]).toBe('float32');
    expectClose(whole.value, floats.value, { relative: 1e-6 });
    expectClose(whole.grad, floats.grad, { relative: 1e-6, absolute: 1e-6 });
  });
});
