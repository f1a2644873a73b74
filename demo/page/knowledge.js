// What a network knows, in words: its classes, how often it is right, and when it is not sure. Shared with the build, which
// writes the first network's sentence into the page.

/** Up to so many classes are all named in one sentence. */
const FEW = 12;

const TITLES = {
  IMAGENET1K_V1: 'ImageNet, first recipe: 1000 kinds of things',
  IMAGENET1K_V2: 'ImageNet: 1000 kinds of things',
  CIFAR10_DEMO: 'CIFAR-10: ten kinds of things',
};

/** What a visitor is told of a network in a list of several. */
export function titleOf({ name, classes, smallOf }) {
  if (smallOf !== undefined) return `${titleOf({ name: smallOf, classes })}, small download`;
  return TITLES[name] ?? `${name}: ${classes} kinds of things`;
}

/** @param {{ classes: number, labels: string[], accuracy?: { data: string, top1: number }, bytes: number }} network */
export function knowledgeOf({ classes, labels, accuracy, bytes }) {
  const what =
    classes <= FEW
      ? `This network knows ${classes} things only: ${labels.join(', ')}. Whatever it sees, it names one of them.`
      : `This network knows ${classes} kinds of things.`;
  const right = accuracy
    ? ` It is right about ${accuracy.top1.toFixed(1)}% of the test pictures of ${accuracy.data}.`
    : '';
  return `${what}${right} Download: ${Math.round(bytes / 1e6)} MB, once.`;
}

/** A best score below this says little; with many classes, what is right often scores low. */
const leastSure = ({ classes }) => (classes > 100 ? 0.2 : 0.5);

/**
 * Whether the best guess is hardly better than others.
 * @param {{ score: number }[]} guesses best first
 * @param {{ activation: string, classes: number } | null} info what `model.info()` tells
 */
export const isUnsure = (guesses, info) =>
  info?.activation === 'softmax' && guesses.length > 0 && guesses[0].score < leastSure(info);
