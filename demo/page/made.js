/** What the page says of guesses that were there before the network was. Shared with the build. */
export const MADE = 'Computed beforehand; yours follows.';
