/** What stands, below runs/docs-examples, for modules of other places and for one that Node cannot load as it is. */
export const standIns: Readonly<Record<string, string>> = {
  '../digits/digits': '../../examples/digits/digits',
  '../runner/networks': '../../examples/runner/networks',
  '../runner/run-experiment': '../../examples/runner/run-experiment',
  'hnswlib-wasm': '../../test/docs/hnswlib-in-node',
};

/** Snippets whose types are checked and which do not run here: of whom, by which words in the code, and why. */
export const notRun: readonly { owner: string; containing: string; reason: string }[] = [
  {
    owner: 'docs/detector.md',
    containing: 'indexeddb://',
    reason: 'IndexedDB is of browsers (test/detector/detector-stores.test.ts)',
  },
  {
    owner: 'docs/detector.md',
    containing: "fetch('/model/",
    reason: 'an address without a host is of browsers; bytes are loaded at the top of the page',
  },
  {
    owner: 'docs/recipes/web-worker.md',
    containing: 'worker.ts',
    reason: 'workers and canvases are of browsers (the worker of examples/browser: test/e2e-browser)',
  },
  {
    owner: 'startWebgpu',
    containing: 'startWebgpu()',
    reason: 'needs a graphics card, or what plays one (test/webgpu)',
  },
  {
    owner: 'docs/webgpu.md',
    containing: 'startWebgpu()',
    reason: 'needs a graphics card, or what plays one (test/webgpu)',
  },
  {
    owner: 'docs/webgpu.md',
    containing: "setBackend('webgpu')",
    reason: 'needs a browser (test/browser)',
  },
  {
    owner: 'docs/jobs.md',
    containing: "from 'bullmq'",
    reason: 'needs a Redis server (test/jobs, test/examples/cluster.test.ts)',
  },
  {
    owner: 'docs/comparisons.md',
    containing: 'runExperiment',
    reason: 'trains for minutes (test/examples/runner.test.ts)',
  },
];
