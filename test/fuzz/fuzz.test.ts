import { fuzzSuite } from './fuzz-suite';

/** A short cut of test/long/fuzz.test.ts. */
fuzzSuite(3000);
