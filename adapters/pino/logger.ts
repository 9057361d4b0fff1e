import { type DestinationStream, pino } from 'pino'
import { ALARMS, type Alarm, type OnAlarm } from '#core/alarm.ts'

/** Writes alarms as log lines: a closed word, its meaning, ids and codes. */
export const alarmLogger = (logTo: DestinationStream, service: string): OnAlarm => {
  const logger = pino({ base: { service } }, logTo)
  return ({ what, topic, offset, why }: Alarm) =>
    logger.warn({ alarm: what, topic, offset, why }, ALARMS[what])
}
