/**
 * Copies a field's text. Plain http on a network has no clipboard API, so the text is selected
 * and the old command tried; false leaves it selected for the person to copy.
 */
export async function copyText(field: HTMLInputElement): Promise<boolean> {
  field.focus();
  field.select();
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      // Refused by the browser: the old command may still do it.
    }
  }
  return document.execCommand("copy");
}

/**
 * Copies a text that no field holds; where there is no clipboard API, by way of a field that is
 * there for a moment. False where the browser lets neither happen.
 */
export async function copyPlain(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused by the browser: the old command may still do it.
    }
  }
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden-visually";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}
