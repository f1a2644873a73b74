// VitePress's configuration of the documentation's site; scripts/docs.mjs copies it to where it builds.
const page = (text, name) => ({ text, link: `/docs/${name}` });

const sidebar = [
  {
    text: 'Use it',
    items: [
      page('Getting started', 'getting-started'),
      { text: 'Examples', link: '/examples/' },
      page('API', 'api'),
      { text: 'Reference', link: '/reference/' },
      page('Embeddings and heat maps', 'embeddings-and-heat-maps'),
      page('Command line', 'command-line'),
      page('Errors', 'errors'),
      page('Migration', 'migration'),
    ],
  },
  {
    text: 'Weights and models',
    items: [
      page('Weights and transforms', 'weights-and-transforms'),
      page('Your own model', 'your-own-model'),
      page('A page you can trust', 'trust'),
      page('Checkpoints', 'checkpoints'),
      page('Heads and fine-tuning', 'heads-and-fine-tuning'),
    ],
  },
  {
    text: 'Ship it',
    items: [
      page('Bundlers and servers', 'bundlers'),
      page('Hosting', 'hosting'),
      page('Many pictures', 'scaling'),
      page('Performance', 'performance'),
      { text: 'Security', link: '/SECURITY' },
      page('Reliability', 'reliability'),
    ],
  },
  {
    text: 'How it works',
    collapsed: true,
    items: [
      page('Architecture', 'architecture'),
      page('Quantization', 'quantization'),
      page('Weights format', 'weights-format'),
      page('Kernels', 'kernels'),
      page('Decoder table', 'decoder-table'),
      { text: 'Benchmarks', link: '/bench/' },
      page('Releasing', 'releasing'),
      { text: 'Contributing', link: '/CONTRIBUTING' },
      { text: 'Changes', link: '/CHANGELOG' },
    ],
  },
];

const base = process.env.RESNET50_DOCS_BASE ?? '/';

export default {
  title: 'resnet50-wasm',
  description: "torchvision's ResNet-50 for browsers and Node.js",
  lang: 'en',
  base,
  head: [['link', { rel: 'icon', href: `${base}icon.svg` }]],
  markdown: { theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } },
  outDir: process.env.RESNET50_DOCS_OUT,
  ignoreDeadLinks: 'localhostLinks', // the demo's address on the reader's own machine
  themeConfig: {
    nav: [
      { text: 'Documentation', link: '/docs/' },
      { text: 'Reference', link: '/reference/' },
      { text: 'Demo', link: '/demo/index.html', target: '_self' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
  },
};
