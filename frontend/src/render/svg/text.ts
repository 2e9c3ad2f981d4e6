/** Text in XML. */

// What XML 1.0 cannot hold, and halves of surrogate pairs.
const NOT_IN_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
const SPECIAL = /[&<>"']/g;
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** What XML cannot hold is shown by its number, ⟨07⟩; what it would read as markup is escaped. */
export function xmlText(text: string): string {
  return text.replace(NOT_IN_XML, numbered).replace(SPECIAL, (sign) => ENTITIES[sign]!);
}

/** As a canvas writes it: on one line, breaks and tabs as spaces. */
export const oneLine = (text: string): string => text.replace(/[\t\n\v\f\r]/g, " ");

function numbered(character: string): string {
  const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(2, "0");
  return `⟨${code}⟩`;
}

/** A number of CSS pixels, exact to a thousandth. */
export const figure = (value: number): string => String(Math.round(value * 1000) / 1000 + 0);
