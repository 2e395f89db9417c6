import { falseAlarmsSuite } from './false-alarms-suite';

falseAlarmsSuite({ fits: 25 });
