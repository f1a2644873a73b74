// Imports a package of this folder by name, out of sight of the bundler that makes the pages' copies of the engines.
export const importPeer = (name) => import(name);
