/** 2100-01-01T00:00:00Z: beyond it a time is an error of units. */
export const TIME_MS_MAX = 4_102_444_800_000

/** Milliseconds since 1970-01-01T00:00:00Z, until the year 2100. */
export const isTimeMs = (timeMs: number): boolean => timeMs >= 0 && timeMs <= TIME_MS_MAX

/** The same, and as far back before 1970: for what happened, which need not be recent. */
export const isEventTimeMs = (timeMs: number): boolean => isTimeMs(Math.abs(timeMs))
