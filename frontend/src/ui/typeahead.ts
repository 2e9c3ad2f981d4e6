/** While what one is about to type into is being loaded, letters are kept for it. */
export async function whileTyping<T>(load: Promise<T>): Promise<{ loaded: T; typed: string }> {
  let typed = "";
  const keep = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    typed += event.key;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener("keydown", keep, { capture: true });
  try {
    const loaded = await load;
    return { loaded, typed };
  } finally {
    removeEventListener("keydown", keep, { capture: true });
  }
}
