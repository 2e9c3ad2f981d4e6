/** Characters without their case: simple case folding, one code point to one (Unicode §3.13, C + S). */

/** A code point as it is compared when case does not count. */
export function foldPoint(point: number): number {
  if (point < 0x80) return point >= 0x41 && point <= 0x5a ? point + 0x20 : point;
  // A Turkish ı is no i: its upper case is I, yet folding leaves it as it is.
  if (point === 0x131) return point;
  return single(single(point, "toUpperCase"), "toLowerCase");
}

/** The code points of a text, folded unless case counts. */
export function pointsOf(text: string, matchCase: boolean): number[] {
  const points: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0)!;
    points.push(matchCase ? point : foldPoint(point));
  }
  return points;
}

/** The other case where that is one code point too; ß, which would be SS, stays ß. */
function single(point: number, turn: "toUpperCase" | "toLowerCase"): number {
  const turned = String.fromCodePoint(point)[turn]();
  const other = turned.codePointAt(0)!;
  return turned.length === (other > 0xffff ? 2 : 1) ? other : point;
}
