import * as tf from '@tensorflow/tfjs-core';
import { mahalanobis } from 'tfjs-ood/scorers';
import { fitDetector, loadDetector } from 'tfjs-ood/detector';
import { describe, expect, test } from 'vitest';
import { onEachBackend } from '../on-each-backend';
import { graphModel } from './graph-model';

const isBrowser = typeof window !== 'undefined';

// Node has neither store; there the file of tfjs-ood/node is (test/node/detector-file.test.ts).
describe.skipIf(!isBrowser)('the stores of browsers', () => {
  onEachBackend('a detector', () => {
    test.each(['indexeddb://detector', 'localstorage://detector'])('saves to and loads from %s', async (url) => {
      const model = await graphModel();
      const images = tf.randomUniform([60, 6, 6, 1], 0, 1, 'float32', 5);
      const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
      const detector = await fitDetector(model, { images, labels }, { scorer: mahalanobis() });
      await detector.save(url);
      const again = await loadDetector(model, url, { scorer: mahalanobis() });
      expect(await again.predict(images)).toEqual(await detector.predict(images));
      expect(again.toBytes()).toEqual(detector.toBytes());
      // Over an older one, and beside another model.
      await again.save(url);
      const other = await graphModel('softmax', 2);
      await expect(loadDetector(other, url, { scorer: mahalanobis() })).rejects.toThrow(/weights/);
      await tf.io.removeModel(url);
      await expect(loadDetector(model, url, { scorer: mahalanobis() })).rejects.toThrow();
      for (const one of [detector, again, model, other, images]) one.dispose();
    });
  });
});
