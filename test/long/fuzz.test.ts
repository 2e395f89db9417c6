import { fuzzSuite } from '../fuzz/fuzz-suite';

fuzzSuite(1_000_000);
