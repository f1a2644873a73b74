/** Training in Node, loaded where it is wanted. */
export { fit } from '../training/fit.js';
export { fcParameter, readHead, save } from '../training/heads.js';
export { connectTrainer } from './trainer.js';
