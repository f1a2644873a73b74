/** Training in Node, loaded where it is wanted. */
export * from './fit.js';
export { connectTrainer } from './trainer.node.js';
