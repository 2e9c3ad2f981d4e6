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

/** Copies a text that stands in no field; false where the browser refuses. */
export async function copyWords(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused by the browser: the old command may still do it.
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
