/** Training in browsers as a module of its own, which pages that only classify do not load. */
export { fit } from '../training/fit.js';
export { fcParameter, readHead, save } from '../training/heads.js';
export { connectTrainer } from './trainer.js';
