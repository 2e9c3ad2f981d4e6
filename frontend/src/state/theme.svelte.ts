export type ThemeChoice = "system" | "dark" | "light";
export type Theme = "dark" | "light";

const KEY = "semioscope.theme";
const CHOICES: readonly ThemeChoice[] = ["system", "dark", "light"];

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return CHOICES.find((choice) => choice === value) ?? "system";
  } catch {
    return "system";
  }
}

/** The system's colours unless the person chose; written on <html data-theme>. */
class ThemeState {
  choice = $state<ThemeChoice>(stored());
  private readonly system = matchMedia("(prefers-color-scheme: light)");
  private systemLight = $state(this.system.matches);

  readonly current: Theme = $derived(
    this.choice === "system" ? (this.systemLight ? "light" : "dark") : this.choice,
  );

  constructor() {
    this.system.addEventListener("change", ({ matches }) => {
      this.systemLight = matches;
      this.show();
    });
    this.show();
  }

  /** system → dark → light → system. */
  next(): void {
    const place = CHOICES.indexOf(this.choice);
    this.choice = CHOICES[(place + 1) % CHOICES.length] ?? "system";
    try {
      localStorage.setItem(KEY, this.choice);
    } catch {
      // A browser that keeps nothing still shows the choice until the page closes.
    }
    this.show();
  }

  private show(): void {
    document.documentElement.dataset["theme"] = this.current;
  }
}

export const theme = new ThemeState();
