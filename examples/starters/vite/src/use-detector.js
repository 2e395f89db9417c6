import { useEffect, useState } from 'react';
import { fitDetector } from 'tfjs-ood/detector';
import { nearestNeighbors } from 'tfjs-ood/scorers';
import { loadModel } from './model.js';

const OPTIONS = {
  scorer: nearestNeighbors({ k: 1 }),
  alpha: 0.05,
  input: { range: '0..1', size: [224, 224], fit: 'cover' },
};

/**
 * A detector that knows `images` (a list of at least 20 pictures, or undefined): `{ detector, error, isFitting }`.
 * Other images are another detector; the one before is freed.
 */
export function useDetector(images) {
  const [state, setState] = useState({});
  useEffect(() => {
    if (!images) return setState({});
    let isGone = false;
    let detector;
    setState({ isFitting: true });
    const fit = async () => {
      detector = await fitDetector(await loadModel(), { images }, OPTIONS);
      if (isGone) detector.dispose();
      else setState({ detector });
    };
    fit().catch((error) => isGone || setState({ error }));
    return () => {
      isGone = true;
      detector?.dispose();
    };
  }, [images]);
  return state;
}
