import { fuzzSuite } from '../fuzz/fuzz-suite';

fuzzSuite({ inputs: 1_000_000, inFolders: 1_000_000 });
