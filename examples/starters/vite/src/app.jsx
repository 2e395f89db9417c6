import { useState } from 'react';
import { drawn } from './model.js';
import { useDetector } from './use-detector.js';

const pictures = (files) => Promise.all(Array.from(files, (file) => createImageBitmap(file)));

export function App() {
  const [known, setKnown] = useState();
  const [verdict, setVerdict] = useState();
  const { detector, error, isFitting } = useDetector(known);
  const know = (images) => {
    setVerdict(undefined);
    setKnown(images);
  };
  const ask = async (picture) => {
    setVerdict(undefined);
    try {
      setVerdict(await detector.predictOne(picture));
    } catch (reason) {
      setVerdict({ reason });
    }
  };

  return (
    <main>
      <h1>A model that can say “I don’t know this”</h1>
      <section>
        <h2>1. What it knows</h2>
        <label>
          At least 20 pictures
          <input
            type="file"
            accept="image/*"
            multiple
            onChange={async ({ target }) => know(await pictures(target.files))}
          />
        </label>
        <button onClick={() => know(Array.from({ length: 20 }, () => drawn('sky')))}>or 20 soft gradients</button>
        <p role="status">
          {isFitting && 'Looking at them …'}
          {detector && `It knows ${detector.calibration.count} pictures.`}
          {error && <strong>{error.message}</strong>}
        </p>
      </section>
      <section>
        <h2>2. Ask</h2>
        <label>
          A picture
          <input
            type="file"
            accept="image/*"
            disabled={!detector}
            onChange={async ({ target }) => ask((await pictures(target.files))[0])}
          />
        </label>
        <button disabled={!detector} onClick={() => ask(drawn('sky'))}>
          a new gradient
        </button>
        <button disabled={!detector} onClick={() => ask(drawn('noise'))}>
          noise
        </button>
        {verdict?.reason && <p role="alert">{verdict.reason.message}</p>}
        {verdict && !verdict.reason && (
          <p id="verdict" role="status" className={verdict.isOod ? 'unknown' : 'known'}>
            {verdict.isOod ? 'I don’t know this.' : 'Known.'}{' '}
            <small>{Math.round(100 * verdict.pValue)} % of known pictures look at least as strange</small>
          </p>
        )}
      </section>
    </main>
  );
}
