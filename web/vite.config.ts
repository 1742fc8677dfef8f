import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const built = "../src/kt_flows/web/static";

/** Writes every file packed beside the plain one, so that the service packs nothing while it serves. */
function packed(): Plugin {
  return {
    name: "packed",
    closeBundle() {
      for (const name of readdirSync(built, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const bytes = readFileSync(join(built, name));
        writeFileSync(join(built, `${name}.gz`), gzipSync(bytes, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
        writeFileSync(join(built, `${name}.br`), brotliCompressSync(bytes, { params }));
      }
    },
  };
}

export default defineConfig({
  base: "/app/",
  plugins: [react(), packed()],
  build: {
    outDir: built,
    emptyOutDir: true,
    assetsInlineLimit: 0, // a data: script or style is what the Content-Security-Policy refuses
    modulePreload: { polyfill: false },
    target: "es2023",
  },
});
