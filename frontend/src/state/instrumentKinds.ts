/** The instruments, in the order in which they are offered. */
export const INSTRUMENTS = ["profile"] as const;
export type InstrumentKind = (typeof INSTRUMENTS)[number];
