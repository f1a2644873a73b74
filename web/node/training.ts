/** Training in Node, loaded where it is wanted. */
export * from '../training/fit.js';
export { connectTrainer } from './trainer.js';
