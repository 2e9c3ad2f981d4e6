/** Long enough for every browser to have begun to read it. */
const KEPT_MS = 10_000;

/** Hands a file to the browser, which keeps it among its downloads. */
export function saveFile(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
