import { soakSuite } from '../soak/soak-suite';

soakSuite({ minutes: 60 });
