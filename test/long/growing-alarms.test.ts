import { growingAlarmsSuite } from '../simulation/growing-alarms-suite';

growingAlarmsSuite({ trials: 2000, print: true });
