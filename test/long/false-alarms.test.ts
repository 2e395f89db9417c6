import { falseAlarmsSuite } from '../simulation/false-alarms-suite';

falseAlarmsSuite({ fits: 200, print: true });
