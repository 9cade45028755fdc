/**
 * Build of the two pages, one after the other: `index.html` for senders, `desk.html` for the staff. Built together they
 * would share a piece that is larger than what either needs.
 *
 * The pages run under `default-src 'none'; script-src 'self'; style-src 'self'`, so nothing may be
 * inlined: no inline script, no inline style, no asset as data address. Addresses are relative, so that the
 * pages may lie below any path of a proxy.
 */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { catalogues } from './tools/catalogues.mjs';

const PAGES: Record<string, string> = { sender: 'index.html', desk: 'desk.html' };

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), catalogues()],
  base: './',
  build: {
    outDir: '../src/importal/web_assets',
    emptyOutDir: mode === 'sender',
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: mode in PAGES ? { [mode]: PAGES[mode] ?? '' } : PAGES },
  },
  // The worker loads its parts when it needs them.
  worker: { format: 'es' },
  server: { proxy: { '/api': 'http://127.0.0.1:8000' } },
}));
