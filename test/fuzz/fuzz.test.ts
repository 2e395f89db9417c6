import { fuzzSuite } from './fuzz-suite';

/** A short cut of test/long/fuzz.test.ts. */
fuzzSuite({ inputs: 3000, inFolders: 500 });
