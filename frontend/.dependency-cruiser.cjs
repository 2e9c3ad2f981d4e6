/** The page's layers: ui → state → {model, api} → base, ui → render → model. */
const layer = (name, from, to) => ({
  name,
  severity: "error",
  from: { path: from },
  to: { path: to },
});

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    layer("base-imports-nothing-of-ours", "^src/base", "^src/(?!base)"),
    layer("model-imports-base-only", "^src/model", "^src/(?!model|base)"),
    layer("api-imports-base-only", "^src/api", "^src/(?!api|base)"),
    layer("render-imports-model-and-base-only", "^src/render", "^src/(?!render|model|base)"),
    layer("state-imports-no-ui-and-no-render", "^src/state", "^src/(ui|render|main)"),
    layer("ui-speaks-to-the-server-through-state", "^src/ui", "^src/(api|main)"),
    layer("the-mathematics-knows-no-framework", "^src/(base|model|render|api)", "node_modules/svelte"),
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphans",
      severity: "error",
      from: { orphan: true, path: "^src", pathNot: ["\\.d\\.ts$", "\\.test\\.ts$", "\\.json$"] },
      to: {},
    },
    {
      name: "resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "\\.(css|svg|woff2)$" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".svelte", ".svelte.ts", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["svelte", "import", "default"],
    },
  },
};
