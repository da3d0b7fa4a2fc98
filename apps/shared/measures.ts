/* What a station measures. It imports nothing: the live page takes it into the browser. */

export const measures = ["temperature", "pressure", "wind", "humidity"] as const;
export type Measure = (typeof measures)[number];

/**
 * What nature allows at a weather station, a little beyond the records kept by the WMO: -89.2..56.7 °C (Vostok, Death Valley),
 * 870..1084.8 hPa at sea level (typhoon Tip, Tosontsengel; stations up high report less), 113 m/s (Barrow Island).
 */
export const bounds: Readonly<Record<Measure, readonly [min: number, max: number]>> = {
  temperature: [-90, 60],
  pressure: [300, 1100],
  wind: [0, 120],
  humidity: [0, 100],
};

/** Steps in which stations report; a spread below it is no spread. */
export const resolution: Readonly<Record<Measure, number>> = {
  temperature: 0.1,
  pressure: 0.1,
  wind: 0.1,
  humidity: 1,
};
