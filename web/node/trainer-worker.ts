/** Node's worker thread of a trainer. */
import { TrainerHost } from '../host/training/trainer-host.js';
import { loadTrainer } from './load-trainer.js';
import { serve } from './serve.js';

serve((post) => new TrainerHost(loadTrainer, post));
