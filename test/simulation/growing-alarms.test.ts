import { growingAlarmsSuite } from './growing-alarms-suite';

growingAlarmsSuite({ trials: 200 });
