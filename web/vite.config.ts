import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** `import packed from 'virtual:engine'`: the engine's WebAssembly, gzipped, as base64. */
function engine(): Plugin {
  const name = 'virtual:engine';
  const file = new URL('src/engine/convt_bg.wasm', import.meta.url);
  return {
    name: 'engine',
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load(id) {
      if (id !== `\0${name}`) return null;
      const packed = gzipSync(readFileSync(file), { level: 9 }).toString('base64');
      return `export default ${JSON.stringify(packed)};`;
    },
  };
}

/** Puts the styles into the head and the script at the end of the body: the page paints before it computes. */
function oneFile(): Plugin {
  return {
    name: 'one-file',
    enforce: 'post',
    generateBundle(_, bundle) {
      const page = bundle['index.html'];
      if (page?.type !== 'asset') throw new Error('the build made no index.html');
      let html = String(page.source);
      html = html.replace(/\s*<script[^>]*src=[^>]*><\/script>/g, '');
      html = html.replace(/\s*<link[^>]*rel="(stylesheet|modulepreload)"[^>]*>/g, '');
      for (const [name, part] of Object.entries(bundle)) {
        if (part.type === 'chunk') {
          const script = part.code.replaceAll('</script', '<\\/script');
          html = html.replace('</body>', () => `<script type="module">${script}</script>\n</body>`);
        } else if (name.endsWith('.css')) {
          html = html.replace('</head>', () => `<style>${part.source}</style>\n</head>`);
        } else continue;
        delete bundle[name];
      }
      page.source = html;
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [engine(), oneFile()],
  build: { target: 'es2022', modulePreload: false, cssCodeSplit: false, reportCompressedSize: false },
});
