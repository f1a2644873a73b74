/**
 * The report of `evaluate --report`: one HTML file that needs nothing else, with numbers, a confusion matrix and small
 * pictures of what was got wrong.
 */
import { encode } from 'fast-png';
import { pictureInput } from '../convert/labeled.js';
import { type Answer, type Evaluation, MEASURES, type Run, worstOf } from '../convert/scores.js';
import type { ImageOptions, LoadOptions } from '../index.node.js';
import { loadWithProgress } from './load.js';

/** Pictures that are shown, at most; their longest side, pixels. */
const PICTURES = 60;
const SIDE = 112;
/** Classes of the confusion matrix, at most: those that are confused most. */
const CLASSES = 40;

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #d1d9e0; --ground: #fff; --right: #2da44e; --wrong: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --ground: #0d1117; --right: #3fb950; --wrong: #f85149; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--ink); background: var(--ground); }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
p, figcaption, caption { color: var(--soft); } caption { text-align: left; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; } th { font-weight: 600; }
.wide { overflow-x: auto; }
.matrix th, .matrix td { padding: .15rem .3rem; border: 1px solid var(--line); font-size: .8rem; min-width: 1.6rem; text-align: center; }
.matrix thead th { vertical-align: bottom; } .matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 10rem; overflow: hidden; }
.matrix tbody th { text-align: right; white-space: nowrap; }
.right { background: color-mix(in srgb, var(--right) var(--share), transparent); }
.wrong { background: color-mix(in srgb, var(--wrong) var(--share), transparent); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1rem; padding: 0; }
figure { margin: 0; } img { width: 100%; max-width: ${SIDE * 2}px; border-radius: 4px; display: block; }
figcaption { font-size: .85rem; overflow-wrap: anywhere; } figcaption b { color: var(--ink); }
`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char] as string);
const percent = (share: number): string => `${share.toFixed(2)} %`;

/** The report as the text of an HTML file; pictures are read once more, as the network saw them. */
export async function reportOf(evaluation: Evaluation, load: LoadOptions, images: ImageOptions): Promise<string> {
  const { folder, weights, runs, notes, failed } = evaluation;
  const [first] = runs as [Run];
  const wrong = worstOf(first.answers);
  const figures = await picturesOf(wrong.slice(0, PICTURES), evaluation, load, images);
  const shown =
    figures.length < wrong.length ? `the ${figures.length} surest mistakes of ${wrong.length}` : `all ${wrong.length}`;
  const title = escaped(`${weights} on ${folder}`);
  const remarks = [...notes, ...failed.map(({ message }) => `left out: ${message}`)].slice(0, 50);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p>${first.scores.pictures} pictures of ${first.scores.classes.length} classes; ${failed.length} could not be read.</p>
${summary(evaluation)}
${remarks.length === 0 ? '' : `<ul>${remarks.map((remark) => `<li>${escaped(remark)}</li>`).join('')}</ul>`}
<h2>Confusion matrix, ${first.precision}</h2>
${matrix(evaluation, first)}
<h2>Classes</h2>
${classTable(evaluation)}
<h2>Got wrong, ${first.precision}: ${shown}</h2>
<div class="pictures">
${figures.join('\n')}
</div>
</body>
</html>
`;
}

const row = (cells: readonly string[], tag = 'td'): string =>
  `<tr>${cells.map((cell, i) => (i === 0 ? `<th scope="row">${cell}</th>` : `<${tag}>${cell}</${tag}>`)).join('')}</tr>`;

function summary({ runs, agreement, categories }: Evaluation): string {
  const keys = (['top1', 'top5', 'balanced'] as const).filter((key) => key !== 'top5' || categories.length > 5);
  const rows = keys.map((key) => row([MEASURES[key], ...runs.map(({ scores }) => percent(scores[key]))]));
  const agree =
    agreement === null ? '' : `<p>int8 and f32 name the same class for ${percent(agreement)} of the pictures.</p>`;
  return `<table>${row(['', ...runs.map(({ precision }) => precision)], 'th')}${rows.join('')}</table>${agree}`;
}

const nameOf = ({ categories }: Evaluation, index: number): string => escaped(categories[index]?.label ?? 'nothing');

function classTable(evaluation: Evaluation): string {
  const { runs } = evaluation;
  const [first] = runs as [Run];
  const accuracies = runs.map(({ scores }) => new Map(scores.classes.map((c) => [c.index, c.accuracy])));
  const rows = first.scores.classes.map(({ index, pictures }) =>
    row([nameOf(evaluation, index), String(pictures), ...accuracies.map((of) => percent(of.get(index) ?? 0))]),
  );
  const head = row(['class', 'pictures', ...runs.map(({ precision }) => precision)], 'th');
  return `<div class="wide"><table>${head}${rows.join('')}</table></div>`;
}

/** Rows are true classes, columns what they were taken for; of many classes, those with most mistakes. */
function matrix(evaluation: Evaluation, { scores }: Run): string {
  const mistakes = new Map<number, number>();
  for (const { label, taken, pictures } of scores.confusions)
    for (const index of [label, taken]) mistakes.set(index, (mistakes.get(index) ?? 0) + pictures);
  const every = [...new Set([...scores.classes.map(({ index }) => index), ...mistakes.keys()])];
  const chosen = every.sort((a, b) => (mistakes.get(b) ?? 0) - (mistakes.get(a) ?? 0) || a - b).slice(0, CLASSES);
  chosen.sort((a, b) => a - b);
  const counts = new Map(scores.confusions.map(({ label, taken, pictures }) => [`${label} ${taken}`, pictures]));
  const totals = new Map(scores.classes.map((c) => [c.index, c]));
  const cell = (label: number, taken: number): string => {
    const of = totals.get(label);
    const count = label === taken ? (of?.right ?? 0) : (counts.get(`${label} ${taken}`) ?? 0);
    if (count === 0) return '<td></td>';
    const share = Math.round((90 * count) / (of?.pictures ?? 1));
    return `<td class="${label === taken ? 'right' : 'wrong'}" style="--share: ${share}%" title="${nameOf(evaluation, label)} taken for ${nameOf(evaluation, taken)}">${count}</td>`;
  };
  const head = chosen.map((index) => `<th scope="col"><span>${nameOf(evaluation, index)}</span></th>`).join('');
  const rows = chosen.map(
    (label) =>
      `<tr><th scope="row">${nameOf(evaluation, label)}</th>${chosen.map((taken) => cell(label, taken)).join('')}</tr>`,
  );
  const part =
    chosen.length < every.length ? ` The ${chosen.length} of ${every.length} classes with most mistakes.` : '';
  return `<div class="wide"><table class="matrix"><caption>Rows: true classes. Columns: what they were taken for.${part}</caption>
<thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

async function picturesOf(
  wrong: readonly Answer[],
  evaluation: Evaluation,
  load: LoadOptions,
  images: ImageOptions,
): Promise<string[]> {
  if (wrong.length === 0) return [];
  const model = await loadWithProgress(load);
  try {
    const figures: string[] = [];
    for (const answer of wrong) {
      const { pixels, width, height } = await model.preprocess(await pictureInput(answer.path), images);
      figures.push(figure(answer, evaluation, thumbnail(pixels, width, height)));
    }
    return figures;
  } finally {
    await model.dispose();
  }
}

function figure({ file, label, best, score }: Answer, evaluation: Evaluation, png: string): string {
  const taken = best
    .slice(0, 1)
    .map(({ index, score }) => `<b>${nameOf(evaluation, index)}</b> ${percent(score * 100)}`);
  const truth = `${nameOf(evaluation, label)} ${percent(score * 100)}`;
  return `<figure><img src="${png}" alt="" loading="lazy"><figcaption>${taken.join('')}<br>is ${truth}<br>${escaped(file)}</figcaption></figure>`;
}

/** A crop (RGB, `width` x `height`), made smaller by a whole factor, as the address of a PNG. */
function thumbnail(pixels: Uint8ClampedArray, width: number, height: number): string {
  const factor = Math.ceil(Math.max(width, height) / SIDE);
  const [w, h] = [Math.floor(width / factor), Math.floor(height / factor)];
  const data = new Uint8Array(w * h * 3);
  for (let at = 0; at < data.length; at++) {
    const [c, x, y] = [at % 3, Math.floor(at / 3) % w, Math.floor(at / 3 / w)];
    let sum = 0;
    for (let dy = 0; dy < factor; dy++)
      for (let dx = 0; dx < factor; dx++)
        sum += pixels[((y * factor + dy) * width + x * factor + dx) * 3 + c] as number;
    data[at] = Math.round(sum / factor ** 2);
  }
  return `data:image/png;base64,${Buffer.from(encode({ width: w, height: h, data, channels: 3 })).toString('base64')}`;
}
