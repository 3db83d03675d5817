/** What the compiler does not see. Formatting is Prettier's; types and names that are not defined are TypeScript's. */
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';

const asHtml = ['innerHTML', 'outerHTML', 'insertAdjacentHTML'].map((property) => ({
  property,
  message: 'Texts become text nodes, so that nothing is ever read as HTML.',
}));

export default defineConfig([
  globalIgnores(['static/vendor/', '.venv/']),
  js.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-alert': 'error',
      'no-console': ['error', { allow: ['warn'] }],
      'no-eval': 'error',
      'no-restricted-properties': ['error', ...asHtml],
      'no-undef': 'off',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
]);
