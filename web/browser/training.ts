/** Training in browsers as a module of its own, which pages that only classify do not load. */
export * from '../training/fit.js';
export { connectTrainer } from './trainer.js';
