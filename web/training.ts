/** Training as a module of its own, which pages that only classify do not load. */
export * from './fit.js';
