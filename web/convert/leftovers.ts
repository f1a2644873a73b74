/**
 * What programs leave behind in folders of pictures. It is never a class or a picture, though torchvision's ImageFolder
 * takes it for one.
 */

/** Folders by name, in lower case. */
const FOLDERS: ReadonlySet<string> = new Set([
  // Jupyter, Python, editors, version control, Hugging Face
  ...['.ipynb_checkpoints', '__pycache__', '.pytest_cache', '.mypy_cache', '.ruff_cache', '.venv'],
  ...['.git', '.svn', '.hg', '.dvc', '.idea', '.vscode', '.vs', '.cache', '.huggingface'],
  // macOS and what its archives hold
  ...['__macosx', '.appledouble', '.appledb', '.appledesktop', '.spotlight-v100', '.fseventsd'],
  ...['.temporaryitems', '.documentrevisions-v100'],
  // Windows, Linux
  ...['$recycle.bin', 'system volume information', 'lost+found', '.thumbnails', '.thumbs', '.xvpics', '.dtrash'],
  // Network drives and programs that synchronize
  ...['@eadir', '@__thumb', '@recycle', '@recently-snapshot', '#recycle', '#snapshot', '.snapshot', '.snapshots'],
  ...['.stfolder', '.stversions', '.sync', '.dropbox.cache', '.picasaoriginals'],
]);

const TRASH = /^\.trash(?:es|-\d+)?$/i;

/** True for a folder that no person made for pictures. */
export const isLeftoverFolder = (name: string): boolean => FOLDERS.has(name.toLowerCase()) || TRASH.test(name);

/** True for a file that only looks like a picture: macOS keeps the attributes of `1.jpg` in `._1.jpg`. */
export const isLeftoverFile = (name: string): boolean => name.startsWith('._');
