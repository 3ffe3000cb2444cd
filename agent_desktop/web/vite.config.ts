/** How the desk is built: hashed files into ../static, nothing inlined, so that a strict policy holds. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Addresses in the page are relative: the server may mount the folder anywhere.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: true,
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
