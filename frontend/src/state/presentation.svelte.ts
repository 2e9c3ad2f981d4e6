const KEY = "semioscope.presentation";

function stored(): boolean {
  try {
    return localStorage.getItem(KEY) === "on";
  } catch {
    return false;
  }
}

/**
 * The presentation size: everything large enough to be read from the back of a seminar room. The
 * panels give way to the canvas, and the screen is filled where the browser can.
 */
class Presentation {
  on = $state(stored());
  /** Whether the screen was filled for it. */
  private filled = false;

  constructor() {
    document.addEventListener("fullscreenchange", () => {
      // The browser's own Escape ends both.
      if (this.filled && document.fullscreenElement === null) this.set(false);
    });
    this.show();
  }

  toggle(): void {
    this.set(!this.on);
  }

  set(on: boolean): void {
    if (this.on === on) return;
    this.on = on;
    try {
      localStorage.setItem(KEY, on ? "on" : "off");
    } catch {
      // A browser that keeps nothing still shows the choice until the page closes.
    }
    this.show();
    void this.fill(on);
  }

  private show(): void {
    document.documentElement.toggleAttribute("data-presentation", this.on);
  }

  private async fill(on: boolean): Promise<void> {
    try {
      if (on && document.fullscreenEnabled) {
        await document.documentElement.requestFullscreen();
        this.filled = true;
      } else if (!on && this.filled) {
        this.filled = false;
        await document.exitFullscreen();
      }
    } catch {
      // Refused: what counts, the size, is there all the same.
    }
  }
}

export const presentation = new Presentation();
