// Builds by mode: the pages (default), the client library (ESM and global), the widget (ESM), and `module:NAME` for each
// folder of src/modules (ESM).
import path from 'node:path';
import vue from '@vitejs/plugin-vue';
import { defineConfig, type UserConfig } from 'vite';

/** An example of the documentation: a page that imports the library by its name, as an application does. */
const example = (name: string): UserConfig => ({
  root: `examples/${name}`,
  base: './',
  publicDir: false,
  plugins: name === 'vue' ? [vue()] : [],
  resolve: {
    alias: {
      'ringdown-client/sign-in': path.resolve('src/modules/sign-in/index.ts'),
      'ringdown-client': path.resolve('src/index.ts'),
    },
  },
  // What a build without a template compiler needs not.
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  build: { outDir: path.resolve(`dist/docs/examples/${name}`), emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
});

const library = (entry: string, formats: ('es' | 'iife')[], fileName: string, name = 'Ringdown'): UserConfig => ({
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022',
    sourcemap: true,
    // Languages and rarely used views are read when they are wanted: `ringdown-phone-de.js` beside `ringdown-phone.js`. What
    // they share with the widget is a file of its own, so that a page may load the widget's under any query.
    // Annotations are for whoever bundles parts of it; a built library is one part.
    rolldownOptions: {
      output: {
        minify: true, comments: { legal: true, annotation: false, jsdoc: false }, generatedCode: { symbols: false },
        chunkFileNames: ({ isDynamicEntry }) => (isDynamicEntry ? `${fileName}-[name].js` : `${fileName}-shared.js`),
      },
    },
    lib: {
      entry,
      name,
      formats,
      fileName: (format) => (format === 'iife' ? `${fileName}.global.js` : `${fileName}.js`),
    },
  },
});

export default defineConfig(({ mode }) => {
  if (mode === 'client') return library('src/index.ts', ['es', 'iife'], 'ringdown-client');
  if (mode === 'widget') return library('src/ui/index.ts', ['es'], 'ringdown-phone');
  if (mode === 'worker') {
    const { build } = library('src/worker/service-worker.ts', ['iife'], 'sw');
    return { publicDir: false, build: { ...build, sourcemap: false, lib: { entry: 'src/worker/service-worker.ts', name: 'Worker', formats: ['iife'], fileName: () => 'sw.js' } } };
  }
  if (mode.startsWith('module:')) {
    const name = mode.slice('module:'.length);
    if (name === 'compat') {
      // Pages written for Webitel's library load it by a plain script, and find its names among their globals.
      const built = library('src/modules/compat/index.ts', ['es', 'iife'], 'ringdown-compat', 'RingdownCompat');
      const output = { ...built.build?.rolldownOptions?.output, footer: 'globalThis.RingdownCompat&&Object.assign(globalThis,globalThis.RingdownCompat);' };
      return { ...built, build: { ...built.build, rolldownOptions: { output } } };
    }
    // Creatio's pages load scripts, not modules.
    if (name === 'creatio') return library('src/modules/creatio/index.ts', ['es', 'iife'], 'ringdown-creatio', 'RingdownCreatio');
    return library(`src/modules/${name}/index.ts`, ['es'], `ringdown-${name}`);
  }
  if (mode.startsWith('example:')) return example(mode.slice('example:'.length));
  return {
    base: './',
    build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0,
      rolldownOptions: { input: ['index.html', 'phone.html', 'embed.html', 'signed-in.html', 'cti.html'] } },
  };
});
