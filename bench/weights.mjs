export function ourWeights(){ return '/tmp/weights/pqf'; }
