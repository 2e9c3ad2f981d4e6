/** Text broken into lines that fit a width. */

/** measure: CSS pixels. At most `most` lines; what does not fit ends in “…”. A word wider than the width is broken. */
export function wrap(
  text: string,
  width: number,
  most: number,
  measure: (text: string) => number,
): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<= )/)) {
    if (line !== "" && measure((line + word).trimEnd()) > width) {
      lines.push(line);
      line = "";
      if (lines.length > most) break;
    }
    line += word;
    while (measure(line.trimEnd()) > width && lines.length <= most) {
      const fits = fitting(line, width, measure);
      lines.push(line.slice(0, fits));
      line = line.slice(fits);
    }
  }
  if (line.trim() !== "") lines.push(line);
  const kept = lines.map((one) => one.trimEnd());
  if (kept.length <= most) return kept;
  const last = kept[most - 1] ?? "";
  const room = fitting(`${last} `, width - measure("…"), measure);
  return [...kept.slice(0, most - 1), `${last.slice(0, room).trimEnd()}…`];
}

/** How many characters, at least one, fit; no character is cut in two. */
function fitting(text: string, width: number, measure: (text: string) => number): number {
  let low = 1;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(text.slice(0, middle)) <= width) low = middle;
    else high = middle - 1;
  }
  const code = text.charCodeAt(low - 1);
  if (code < 0xd800 || code > 0xdbff) return low;
  return low > 1 ? low - 1 : 2;
}
