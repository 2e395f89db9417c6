import { ensembleAlarmsSuite } from '../simulation/ensemble-alarms-suite';

ensembleAlarmsSuite({ fits: 200, print: true });
