import { fuzzSuite } from './fuzz-suite';

/** A short cut of test/long/fuzz.test.ts. */
fuzzSuite({ inputs: 1500, inFolders: 250 });
