// Which arguments of `npm start` are pictures and which belong to an option of `classify`. Knows its flags, not what they mean.

/** Options of `classify` that take no value; all others do (tests/node/start-arguments.test.mjs compares with its help). */
export const FLAGS = [
  ...['--no-exif', '--json', '--ndjson', '--csv', '--unordered', '--recursive', '-r', '--download', '--revectorize'],
  ...['--help', '-h'],
];

const takesValue = (argument) => /^-./.test(argument) && !argument.includes('=') && !FLAGS.includes(argument);

/** The pictures among the arguments: paths, addresses, and '-' for standard input. */
export function picturesAmong(given) {
  const end = given.indexOf('--');
  const options = end < 0 ? given : given.slice(0, end);
  const isPicture = (argument, i) => !/^-./.test(argument) && (i === 0 || !takesValue(options[i - 1]));
  return [...options.filter(isPicture), ...(end < 0 ? [] : given.slice(end + 1))];
}
