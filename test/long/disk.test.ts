import { diskSuite } from '../crash/disk-suite';

diskSuite({ checkpoints: [0, 1, 2] });
