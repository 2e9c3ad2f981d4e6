/** The composition root, and the sole owner of the animation frame. */
import { mount } from "svelte";
import { app } from "./state/app.svelte";
import type { Draw, Frames } from "./state/frames";
import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/layout.css";
import App from "./ui/App.svelte";

class AnimationFrames implements Frames {
  private readonly draws = new Set<Draw>();
  private asked = false;

  add(draw: Draw): () => void {
    this.draws.add(draw);
    this.wake();
    return () => this.draws.delete(draw);
  }

  wake(): void {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(this.frame);
  }

  private readonly frame = (now: number): void => {
    this.asked = false;
    let again = false;
    for (const draw of this.draws) again = draw(now) || again;
    if (again) this.wake();
  };
}

const target = document.getElementById("app");
if (!target) throw new Error("The page has no place for the app.");
mount(App, { target, props: { frames: new AnimationFrames() } });
app.start();
