/** Training in Node, loaded where it is wanted. */
export { fcParameter, readHead, save } from '../training/heads.js';
export { fitModel, placeFirst } from '../training/own-head.js';
export { connectTrainer } from './trainer.js';
