/** Classes that are drawn; the least probable beyond them are one more. */
export const MOST_CLASSES = 2000;
/** Between layers, and between neighbours in a layer, in units of the graph's plane. */
export const LAYER = 150;
export const ROW = 30;
