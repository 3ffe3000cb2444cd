/** Five scripts for the widget's host: loader, panel, frame, its other end and the page to try it on. */
import { defineConfig } from "vitest/config";

const scripts: Record<string, { entry: string; file: string; format: "iife" | "es" }> = {
  production: { entry: "src/panel/main.ts", file: "panel.js", format: "es" },
  loader: { entry: "src/loader/main.ts", file: "widget.js", format: "iife" },
  frame: { entry: "src/frame/main.ts", file: "frame.js", format: "iife" },
  framed: { entry: "src/loader/framed.ts", file: "framed.js", format: "es" },
  demo: { entry: "src/demo/main.ts", file: "demo.js", format: "iife" },
};

export default defineConfig(({ mode }) => {
  const script = scripts[mode] ?? scripts.production;
  if (script === undefined) throw new Error(`no script is built in mode ${mode}`);
  const first = script.file === "panel.js";
  return {
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    // The first build empties the folder and copies the pages beside the scripts.
    publicDir: first ? "public" : false,
    build: {
      outDir: "../static",
      emptyOutDir: first,
      target: "es2022",
      modulePreload: false,
      reportCompressedSize: true,
      lib: { entry: script.entry, formats: [script.format], name: "carillonChat", fileName: () => script.file },
      minify: true,
      // Libraries keep their spaces otherwise.
      rolldownOptions: { output: { minify: true } },
    },
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    test: { environment: "happy-dom", include: ["tests/**/*.test.{ts,tsx}"], restoreMocks: true },
  };
});
