import { z } from "zod";

/** Config of frost: which messages go from one topic to another. */
export const frostConfig = z.strictObject({
  brokers: z.array(z.string()).min(1, "must name at least one broker"),
  from: z.string().min(1).describe("Topic of the weather."),
  to: z.string().min(1).describe("Topic of the frost."),
  belowCelsius: z.number("must be a number of degrees Celsius").describe("What counts as frost."),
});
