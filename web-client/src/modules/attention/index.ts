// Being noticed, beside the library: notifications, title, badge.
export { Attention } from './attention.js';
export type { AttentionOptions, AttentionTexts } from './attention.js';
export type { AttentionPage, Notice } from './page.js';
