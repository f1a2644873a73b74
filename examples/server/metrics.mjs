// What Prometheus reads: counts and times of requests, what is inside, memory, and prom-client's metrics of the process.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** @param {{ inside: () => number, memoryBytes: () => number }} now */
export function createMetrics(now) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name, help, value) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(value());
      },
    });
  gauge('resnet50_pictures_inside', 'Pictures that are read, wait or are at work', now.inside);
  gauge('resnet50_core_memory_bytes', 'Memory of all networks', now.memoryBytes);
  const requests = new Counter({
    ...{ name: 'http_requests_total', help: 'Answered requests', registers },
    labelNames: ['route', 'status'],
  });
  const duration = new Histogram({
    ...{ name: 'resnet50_classify_seconds', help: 'From the arrival of a picture to its labels', registers },
    buckets: [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    /** To be called when a request has been answered. */
    answered(route, status, begun) {
      requests.inc({ route, status });
      if (route === 'classify' && status === 200) duration.observe((performance.now() - begun) / 1000);
    },
  };
}
