import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const server = process.env["SEMIOSCOPE_SERVER"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2023",
    cssTarget: ["chrome120", "firefox121", "safari17"],
    // The page's Content-Security-Policy admits neither data: fonts nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "/api": { target: server, ws: true } },
  },
  test: {
    include: ["src/**/*.test.ts"],
    // Properties try a hundred examples, also on a machine that is busy with other things.
    testTimeout: 60_000,
    benchmark: { include: ["src/**/*.bench.ts"] },
  },
});
