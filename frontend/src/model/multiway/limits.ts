/** Classes that are drawn; the least probable beyond them are one more. */
export const MOST_CLASSES = 2000;
