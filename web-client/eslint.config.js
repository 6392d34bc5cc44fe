// Lint rules, and the arrows of the import graph: ui → modules → phone → { call, signaling, media } → protocol.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** For each folder, the folders it must not import. `platform` and the files of `src/` itself are open to all. */
const FORBIDDEN = {
  protocol: ['modules', 'signaling', 'call', 'media', 'phone', 'ui', 'demo', 'testing', 'platform'],
  platform: ['modules', 'protocol', 'signaling', 'call', 'media', 'phone', 'ui', 'demo', 'testing'],
  signaling: ['modules', 'call', 'media', 'phone', 'ui', 'demo', 'testing'],
  call: ['modules', 'signaling', 'media', 'phone', 'ui', 'demo', 'testing'],
  media: ['modules', 'signaling', 'call', 'phone', 'ui', 'demo', 'testing'],
  phone: ['modules', 'ui', 'demo', 'testing'],
  modules: ['ui', 'demo'],
  ui: ['signaling', 'call', 'media', 'protocol', 'demo', 'testing'],
  demo: ['signaling', 'call', 'media', 'protocol', 'testing'],
};

/** Browser objects with one owner each. */
const OWNED_GLOBALS = [
  { name: 'WebSocket', owner: 'src/signaling/socket.ts' },
  { name: 'RTCPeerConnection', owner: 'src/media/**' },
  { name: 'AudioContext', owner: 'src/media/**' },
];

const ownedGlobals = (...except) => OWNED_GLOBALS.filter(({ owner }) => !except.includes(owner)).map(
  ({ name, owner }) => ({ name, message: `Only ${owner} may use ${name}.` }),
);

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'src/protocol/generated.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.mjs', '*.js'],
    languageOptions: {
      globals: {
        process: 'readonly', console: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly',
        setInterval: 'readonly', clearInterval: 'readonly', URL: 'readonly', Buffer: 'readonly', fetch: 'readonly',
        // Inside `page.evaluate(…)`.
        window: 'readonly', document: 'readonly',
      },
    },
  },
  {
    // Scripts that run inside a page of a test.
    files: ['e2e/**/*.js', 'examples/**/*.js', 'docs-site/**/*.js'],
    languageOptions: {
      globals: Object.fromEntries([
        'window', 'document', 'location', 'URL', 'Blob', 'btoa', 'WebSocket', 'RTCPeerConnection', 'AudioContext',
        'AudioWorkletNode', 'MediaStream', 'setTimeout', 'localStorage', 'matchMedia', 'navigator', 'scrollTo', 'FormData', 'Worker', 'BroadcastChannel', 'MediaStreamTrack', 'EventTarget', 'sessionStorage',
      ].map((name) => [name, 'readonly'])),
    },
  },
  {
    files: ['src/**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 400 }],
      'no-console': 'error',
      eqeqeq: 'error',
      'no-restricted-globals': ['error', ...ownedGlobals()],
      'no-restricted-syntax': ['error', {
        selector: 'ExportDefaultDeclaration', message: 'Exports have names.',
      }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  ...Object.entries(FORBIDDEN).map(([folder, forbidden]) => ({
    files: [`src/${folder}/**/*.ts`],
    ignores: ['src/**/*.test.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: forbidden.map((other) => ({
          group: [`**/${other}/*`, `**/${other}`], message: `${folder}/ must not import ${other}/.`,
        })),
      }],
    },
  })),
  {
    files: ['src/signaling/socket.ts'],
    rules: { 'no-restricted-globals': ['error', ...ownedGlobals('src/signaling/socket.ts')] },
  },
  {
    files: ['src/media/**/*.ts'],
    rules: { 'no-restricted-globals': ['error', ...ownedGlobals('src/media/**')] },
  },
  {
    files: ['src/**/*.test.ts', 'src/testing/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
