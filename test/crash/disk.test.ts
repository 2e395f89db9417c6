import { diskSuite } from './disk-suite';

diskSuite({ checkpoints: [1] });
