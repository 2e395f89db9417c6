import { ensembleAlarmsSuite } from './ensemble-alarms-suite';

ensembleAlarmsSuite({ fits: 20 });
