/** The canvas's colours; the same families as styles/tokens.css. */
import type { PictureTheme } from "../model/painter";

export type ThemeName = "dark" | "light";

export interface Theme {
  readonly name: ThemeName;
  readonly background: string;
  /** A state whose measure is not known. */
  readonly neutral: string;
  readonly edge: string;
  readonly ink: string;
  /** Running text, and running text beside a selected line. */
  readonly text: string;
  readonly soft: string;
  readonly faint: string;
  /** Running text that a filter holds back: there, but not to be read. */
  readonly held: string;
  readonly accent: string;
  readonly accentWash: string;
  readonly hoverWash: string;
  /** Trajectories that have ended. */
  readonly ended: string;
  /** Lines of hatching: what is not there, and what is kept out. */
  readonly hatch: string;
  /** Underlines of surprising tokens. */
  readonly surprise: string;
  readonly shimmer: string;
  readonly shimmerBright: string;
}

const ON_SCREEN: Readonly<Record<ThemeName, Theme>> = {
  dark: {
    name: "dark",
    background: "#0d1017",
    neutral: "#1c222e",
    edge: "#2f3849",
    ink: "#f1efe8",
    text: "#b4bcc9",
    soft: "#7f8899",
    faint: "#667083",
    held: "#333946",
    accent: "#f2b84b",
    accentWash: "rgb(242 184 75 / 20%)",
    hoverWash: "rgb(232 230 223 / 11%)",
    ended: "#6cc5a8",
    hatch: "#2a3242",
    surprise: "#f2b84b",
    shimmer: "#161b25",
    shimmerBright: "#28303f",
  },
  light: {
    name: "light",
    background: "#f6f3ec",
    neutral: "#e9e3d6",
    edge: "#d3cab8",
    ink: "#141824",
    text: "#4b5362",
    soft: "#666d7c",
    faint: "#858a96",
    held: "#cdcac4",
    accent: "#a86a00",
    accentWash: "rgb(168 106 0 / 17%)",
    hoverWash: "rgb(29 34 48 / 9%)",
    ended: "#1d7a5f",
    hatch: "#d9d2c3",
    surprise: "#be5862",
    shimmer: "#ece7dc",
    shimmerBright: "#ddd6c7",
  },
};

/** Those of the screen, and the light one on white for print. */
export const THEMES: Readonly<Record<PictureTheme, Theme>> = {
  ...ON_SCREEN,
  paper: {
    ...ON_SCREEN.light,
    background: "#ffffff",
    neutral: "#eeeeec",
    edge: "#c9c7c1",
    hatch: "#d2d0ca",
    shimmer: "#f2f1ee",
    shimmerBright: "#e6e4df",
  },
};

export const MONO = '"IBM Plex Mono", ui-monospace, "SF Mono", Menlo, Consolas, monospace';
export const SANS = '"Inter", "Inter Variable", system-ui, -apple-system, "Segoe UI", sans-serif';
