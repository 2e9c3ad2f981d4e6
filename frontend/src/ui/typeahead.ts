/**
 * While what one is about to type into is being loaded, letters are kept for it; with Escape one has
 * thought better of it.
 */
export async function whileTyping<T>(
  load: Promise<T>,
): Promise<{ loaded: T; typed: string; isGivenUp: boolean }> {
  let typed = "";
  let isGivenUp = false;
  const keep = (event: KeyboardEvent): void => {
    if (isGivenUp) return;
    if (event.key === "Escape") {
      isGivenUp = true;
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    typed += event.key;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener("keydown", keep, { capture: true });
  try {
    const loaded = await load;
    return { loaded, typed, isGivenUp };
  } finally {
    removeEventListener("keydown", keep, { capture: true });
  }
}
