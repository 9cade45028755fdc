import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { catalogues } from './tools/catalogues.mjs';

export default defineConfig({
  plugins: [svelte(), catalogues()],
  test: {
    environment: 'node',
    include: ['src/**/*.test.ts', 'tools/**/*.test.mjs'],
    setupFiles: ['tools/fetch-assets.mjs'],
    testTimeout: 20_000,
  },
});
